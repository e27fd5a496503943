"""From a match to a mail: saved searches, what answers them, and the outbox."""
