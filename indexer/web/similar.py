"""Articles about the same: found by the words that tell most about one, in any engine."""

from collections import Counter, defaultdict
from itertools import combinations
from math import log10

from wordfreq import get_frequency_dict

from indexer import query
from indexer.index import Fields, SearchIndex, Sort
from indexer.query import Query, Word
from indexer.store import Store
from indexer.web.record import Headline, headlines, one_a_story

WORDS = 6
"""Words that are looked for; a similar article has two of them at least."""
SHOWN = 5
CANDIDATES = 20
"""Hits that are looked through for those that are no copies."""
IN_TITLE = 3
"""A word in the title counts as often as one that is so many times in the text."""
MOST = 6
"""A word counts so often at most."""
COMMON = 1e-3
"""Words that are more than this share of all words tell nothing."""
UNKNOWN = 1e-8
"""How frequent a word is taken to be that wordfreq does not know: mostly a name."""


def similar(
    store: Store, index: SearchIndex, id: int, story_id: int | None, fields: Fields
) -> list[Headline]:
    """The articles most like one, best first: neither itself nor a copy of it, and one of each story."""
    pairs = (query.all_of(map(Word, pair)) for pair in combinations(telling_words(fields), 2))
    tree = query.any_of(pair for pair in pairs if pair)
    if tree is None:
        return []
    hits = index.search(Query("", tree), limit=CANDIDATES, sort=Sort.RELEVANCE)
    found = one_a_story(headlines(store, hits.ids))
    others = [each for each in found if each.id != id and (story_id is None or each.story_id != story_id)]
    return others[:SHOWN]


def telling_words(fields: Fields) -> list[str]:
    """The words that are frequent in an article and rare elsewhere, the most telling first; each as it is written."""
    counts = Counter[str]()
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for name, weight in (("title", IN_TITLE), ("text", 1)):
        for word, stem in zip(fields.words[name], fields.stems[name], strict=True):
            if len(word) > 3 and word.isalpha():
                counts[stem] += weight
                written[stem][word] += 1
    known = get_frequency_dict("id")
    scores: dict[str, float] = {}
    for stem, count in counts.items():
        word = written[stem].most_common(1)[0][0]
        share = max(known.get(word, UNKNOWN), known.get(stem, UNKNOWN))
        if share < COMMON:
            scores[word] = -min(count, MOST) * log10(share / COMMON)
    return sorted(scores, key=lambda word: -scores[word])[:WORDS]
