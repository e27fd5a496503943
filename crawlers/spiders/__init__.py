"""One spider class a source: Scrapy lists the classes that this module defines."""

from crawlers.source import load_sources
from crawlers.spiders.portal import spider_for

sources, problems = load_sources()
globals().update({f"Spider_{each.key}": spider_for(each, module=__name__) for each in sources})
