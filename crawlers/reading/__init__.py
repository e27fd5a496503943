"""What reading a page needs beside its selectors: what it states, what it looks like, what its words say."""
