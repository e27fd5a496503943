"""Which search engine the settings ask for."""

from indexer.config import Config
from indexer.index import SearchIndex
from indexer.tantivy_index import TantivyIndex


def open_index(config: Config) -> SearchIndex:
    """The index: embedded in a folder, or Elasticsearch where its address is set."""
    if server := config.elasticsearch:
        from indexer.elastic_index import ElasticIndex  # its client takes time to load: only where it is used

        return ElasticIndex(server)
    return TantivyIndex(config.index_folder)
