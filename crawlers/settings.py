"""Scrapy's settings: polite, bounded, and nothing open that is not needed."""

from crawlers.politeness import user_agent
from indexer.config import load_config

_config = load_config()

BOT_NAME = "pantau"
SPIDER_MODULES = ["crawlers.spiders"]
NEWSPIDER_MODULE = "crawlers.spiders"
COMMANDS_MODULE = "crawlers.commands"

# Politeness. robots.txt is always obeyed, by crawlers.robots. Each source sets its delay, and AutoThrottle
# unless it is local: see crawlers.spiders.portal.spider_for.
USER_AGENT = user_agent(_config.contact)
CONCURRENT_REQUESTS_PER_DOMAIN = 1
DOWNLOAD_DELAY_JITTER = 0
AUTOTHROTTLE_START_DELAY = 1
AUTOTHROTTLE_TARGET_CONCURRENCY = 0.5  # pauses for as long as the server took
RETRY_TIMES = 1
RETRY_HTTP_CODES = [500, 502, 504, 522, 524, 408]  # 429 and 503 are for crawlers.politeness.Patience

# Safety and limits.
DOWNLOAD_HANDLERS = {
    "http": "crawlers.politeness.PoliteDownload",
    "https": "crawlers.politeness.PoliteDownload",
    **dict.fromkeys(("data", "file", "ftp", "s3")),
}
TWISTED_DNS_RESOLVER = "scrapy.resolver.CachingHostnameResolver"  # the default knows no IPv6
HTTPPROXY_ENABLED = False
REDIRECT_MAX_TIMES = 10
METAREFRESH_ENABLED = False
DOWNLOAD_TIMEOUT = 30
DOWNLOAD_MAXSIZE = 10 * 1024 * 1024
DOWNLOAD_VERIFY_CERTIFICATES = True
COOKIES_ENABLED = False
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9",
    "Accept-Language": "id",
}

REMOTE_CONTROL_ENABLED = False
TELNETCONSOLE_ENABLED = False

# All that is at work, instead of what Scrapy has by default: that grows with its releases (2.19 serves remote
# control), costs time on every page, and even what is turned off would be loaded with its libraries.
EXTENSIONS_BASE = {
    "scrapy.extensions.corestats.CoreStats": 0,
    "scrapy.extensions.feedexport.FeedExporter": 0,
    "scrapy.extensions.logcount.LogCount": 0,
    "scrapy.extensions.throttle.AutoThrottle": 0,
}
DOWNLOADER_MIDDLEWARES_BASE = {
    "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
    "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
    "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
    "scrapy.downloadermiddlewares.retry.RetryMiddleware": 550,
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": 590,
}
SPIDER_MIDDLEWARES_BASE = {"scrapy.spidermiddlewares.httperror.HttpErrorMiddleware": 50}
EXTENSIONS = {"crawlers.archive.Archive": 500, "crawlers.pipelines.Record": 900}
ITEM_PIPELINES = {"crawlers.pipelines.StoreArticles": 300}
DOWNLOADER_MIDDLEWARES = {
    "crawlers.safety.OnSite": 50,
    "crawlers.charset.TrueCharset": 60,
    "crawlers.robots.Robots": 100,
    "crawlers.politeness.Patience": 545,
    "crawlers.safety.Redirects": 600,
}
CONCURRENT_ITEMS = 1  # of one page, which has one article; more only costs tasks
SCHEDULER_MEMORY_QUEUE = "scrapy.squeues.FifoMemoryQueue"  # first named, first fetched
WARN_ON_GENERATOR_RETURN_VALUE = False  # looked for at each page anew

FEED_EXPORT_ENCODING = "utf-8"
LOG_LEVEL = _config.log_level
