"""sources at a glance"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_articles_source_published", "articles", ["source", "published"])
    op.drop_index("ix_articles_source", "articles")


def downgrade() -> None:
    op.create_index("ix_articles_source", "articles", ["source"])
    op.drop_index("ix_articles_source_published", "articles")
