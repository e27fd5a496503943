"""an index to find the articles that have no story yet"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_without = sa.text("story_id IS NULL")
    op.create_index(
        "ix_articles_without_story", "articles", ["id"], sqlite_where=is_without, postgresql_where=is_without
    )


def downgrade() -> None:
    op.drop_index("ix_articles_without_story", "articles")
