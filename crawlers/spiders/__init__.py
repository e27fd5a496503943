"""One spider class a source, made from the files in `crawlers/sources/`: Scrapy lists the classes defined here."""

from crawlers.source import load_sources
from crawlers.spiders.portal import spider_for

sources, problems = load_sources()
globals().update({f"Spider_{each.key}": spider_for(each, module=__name__) for each in sources})
