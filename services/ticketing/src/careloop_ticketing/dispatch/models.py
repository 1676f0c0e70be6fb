from careloop_ticketing.dispatch.errors import RoutingNotFound
from careloop_ticketing.documents import DocumentRow


class RoutingRow(DocumentRow, table=True):
    __tablename__ = "routing_policy"
    not_found = RoutingNotFound
