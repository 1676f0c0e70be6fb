from datetime import datetime
from typing import Any
from uuid import UUID

from careloop_common.schemas import View


class ExportView(View):
    id: UUID
    actor_id: str
    actor_kind: str
    exported_at: datetime
    chosen_by: dict[str, Any]
    tickets: int
