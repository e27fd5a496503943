"""One spider class a source: Scrapy lists the classes that this module defines."""

import logging

from crawlers.source import load_sources
from crawlers.spiders.portal import spider_for
from indexer.config import load_config

sources, problems = load_sources(load_config().sources)
for _problem in problems:
    logging.getLogger(__name__).error("%s", _problem)
globals().update({f"Spider_{each.key}": spider_for(each, module=__name__) for each in sources})
