"""Scrapy's settings: polite, bounded, and nothing open that is not needed."""

from importlib.metadata import version

from indexer.config import load_config

_config = load_config()

BOT_NAME = "pantau"
SPIDER_MODULES = ["crawlers.spiders"]
NEWSPIDER_MODULE = "crawlers.spiders"

_contact = f"; {_config.contact}" if _config.contact else ""
USER_AGENT = f"Pantau/{version('pantau')} (news monitoring{_contact})"
ROBOTSTXT_OBEY = True
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 10 * 1024 * 1024
DOWNLOAD_VERIFY_CERTIFICATES = True
RETRY_TIMES = 1
COOKIES_ENABLED = False
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9",
    "Accept-Language": "id",
}

REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

EXTENSIONS = {"crawlers.archive.Archive": 500, "crawlers.pipelines.Record": 900}
ITEM_PIPELINES = {"crawlers.pipelines.StoreArticles": 300}
DOWNLOADER_MIDDLEWARES = {"crawlers.pipelines.AskForNews": 560}

FEED_EXPORT_ENCODING = "utf-8"
LOG_LEVEL = _config.log_level
