"""`scrapy crawl`, but that a missing contact is told in one sentence: once a crawl has begun, Scrapy adds a trace."""

import sys
from argparse import Namespace

from scrapy.commands import crawl

from crawlers.politeness import require_contact
from crawlers.source import load_source
from indexer.config import load_config
from indexer.errors import PantauError


class Command(crawl.Command):
    """Crawls one source."""

    def run(self, args: list[str], opts: Namespace) -> None:
        try:
            require_contact([load_source(key, load_config().sources) for key in args])
        except PantauError as error:
            sys.stderr.write(f"{error}\n")
            self.exitcode = 1
        else:
            super().run(args, opts)
