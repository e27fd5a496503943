"""Commands of `scrapy` that are other here than Scrapy's own."""
