"""The language of bokbuss: every message that crosses Kafka. Data only."""
