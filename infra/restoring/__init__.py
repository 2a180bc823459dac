"""After a backup was restored: what was sent since is never sent again.

Comes in: a database that is older than the world. Goes out: what Kafka knows more, taken in; each company opened when
its books agree, or by a person's word. It may import the rooms below; roles start with it.
"""
