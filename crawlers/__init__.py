"""From a site to an article: a Scrapy project whose spiders are made from data."""
