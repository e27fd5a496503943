"""The embedded search engine: tantivy, in a folder or in memory."""

from collections.abc import Sequence
from pathlib import Path

import tantivy

from indexer import language
from indexer.index import Hits
from indexer.query import Query
from indexer.store import StoredArticle


class TantivyIndex:
    """A `SearchIndex` in a folder, or in memory without one."""

    def __init__(self, folder: Path | None = None) -> None:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        self._schema = _schema()
        self._index = tantivy.Index(self._schema, path=str(folder) if folder else None)
        analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        self._index.register_tokenizer("spaces", analyzer)

    def put(self, batch: Sequence[StoredArticle]) -> None:
        writer = self._index.writer(heap_size=50_000_000, num_threads=1)
        for each in batch:
            writer.delete_documents_by_term("id", each.id)
            writer.add_document(self._document(each))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def search(self, query: Query, *, limit: int = 10, sort: str = "newest") -> Hits:
        parts = [(tantivy.Occur.Must, self._word(word)) for word in query.words]
        wanted = tantivy.Query.boolean_query(parts) if parts else tantivy.Query.all_query()
        searcher = self._index.searcher()
        order = "published" if sort == "newest" else None
        result = searcher.search(wanted, limit=limit, order_by_field=order)
        ids = searcher.fast_field_values("id", [address for _, address in result.hits])
        return Hits(tuple(int(id or 0) for id in ids), result.count or 0)

    def _word(self, word: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, "stems", language.stem(word))

    def _document(self, stored: StoredArticle) -> tantivy.Document:
        document = tantivy.Document()
        document.add_integer("id", stored.id)
        document.add_integer("published", int(stored.article.published.timestamp()))
        document.add_text("stems", " ".join(language.stems(f"{stored.article.title}\n{stored.article.text}")))
        return document


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_integer_field("id", indexed=True, fast=True)
    builder.add_integer_field("published", indexed=True, fast=True)
    builder.add_text_field("stems", tokenizer_name="spaces")
    return builder.build()
