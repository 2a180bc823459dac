"""What people look at: how companies stand, the days of their tills, what came in and went out, the story of a key.

Comes in: a question of a page or a verb. Goes out: typed rows, read as of one moment. It only reads, and may import the
rooms below it.
"""
