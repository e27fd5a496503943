"""From an article to a reader: the record, the index, search and alerts."""
