from collections.abc import Collection, Iterable, Mapping
from datetime import date

from careloop_profile.identifiers.keys import customer_id_of
from careloop_profile.identifiers.policy import tidy
from careloop_profile.imports.policy.plan import Plan
from careloop_profile.imports.policy.quality import Quality
from careloop_profile.imports.policy.records import Flaw
from careloop_profile.imports.policy.relations import RelationReader, Said
from careloop_profile.imports.policy.rows import Complaint, Draft, Refused, RowReader
from careloop_profile.imports.policy.values import Setting
from careloop_profile.imports.service.rejects import Reject
from careloop_profile.imports.service.tabular import TableRow


class Chunk:
    """The rows of one transaction: what they say, what is wrong with them, and what they tell about the file."""

    def __init__(self, plan: Plan, header: list[str], quality: Quality, *, today: date) -> None:
        self._plan = plan
        self._quality = quality
        self._reader = RowReader(plan, header, Setting(today)) if plan.key else None
        self._relations = RelationReader(plan, Setting(today))
        self.said: list[tuple[int, Said, Mapping[str, str]]] = []
        """What rows say of two, with their cells."""
        self.drafts: list[tuple[int, Draft]] = []
        self.rejects: list[Reject] = []

    @property
    def rejected(self) -> int:
        return sum(reject.whole_row for reject in self.rejects)

    def take_all(self, rows: Iterable[TableRow]) -> None:
        for row in rows:
            self._take(row)

    def _take(self, row: TableRow) -> None:
        if isinstance(row.cells, Flaw):
            self._reject(row.line, Complaint(row.cells.value))
            return
        cells = {name: tidy(text) for name, text in row.cells.items()}
        if all(name == text for name, text in cells.items()):
            self._reject(row.line, Complaint("repeated_header"))
            return
        for name, text in cells.items():
            self._quality.columns[name].see(text)
        if self._reader is None:
            self._say(row.line, cells, None)
            return
        try:
            draft = self._reader.read(cells)
        except Refused as refused:
            self._reject(row.line, refused.complaint, cells[self._plan.key or ""])
            return
        self._quality.keys_valid += 1
        for complaint in draft.dropped:
            self._invalid(complaint)
            self._keep(row.line, complaint, draft.external_id, whole_row=False)
        for column in draft.repaired:
            self._quality.columns[column].repaired += 1
        self.drafts.append((row.line, draft))
        self._say(row.line, cells, draft.external_id)

    def _say(self, line: int, cells: Mapping[str, str], own: str | None) -> None:
        """A relation that cannot be read costs the row, if the row is nothing else."""
        for said in self._relations.read(cells, own):
            if isinstance(said, Said):
                self.said.append((line, said, cells))
            elif own is None:
                self._reject(line, said)
            else:
                self._invalid(said)
                self._keep(line, said, own, whole_row=False)

    def said_by_accepted(self) -> list[tuple[int, Said, Mapping[str, str]]]:
        """What is said in rows that were not refused."""
        refused = {reject.line for reject in self.rejects if reject.whole_row}
        return [said for said in self.said if said[0] not in refused]

    def refuse_relations(self, rejects: Iterable[Reject]) -> None:
        """What cannot be, beside what is known of the two."""
        for reject in rejects:
            self._invalid(reject.complaint)
            if reject.whole_row:
                self._quality.flaw(reject.complaint.code)
            self.rejects.append(reject)

    def without_repeated(self, fresh: Collection[str]) -> list[tuple[int, Draft]]:
        """The drafts whose keys come for the first time; the first row with a key counts."""
        left, kept = set(fresh), list[tuple[int, Draft]]()
        for line, draft in self.drafts:
            if draft.external_id in left:
                left.discard(draft.external_id)
                kept.append((line, draft))
                continue
            self._quality.duplicates += 1
            key = draft.external_id
            self._reject(line, Complaint("duplicate_key", self._plan.key or "", key), key)
        return kept

    def refuse(self, line: int, code: str) -> None:
        """The row is good, but not beside what is known of its customer."""
        self._reject(line, Complaint(code))

    def _reject(self, line: int, complaint: Complaint, key: str = "") -> None:
        self._quality.flaw(complaint.code)
        self._invalid(complaint)
        self._keep(line, complaint, key, whole_row=True)

    def _keep(self, line: int, complaint: Complaint, key: str, *, whole_row: bool) -> None:
        """A value that is not taken is still that of whom the source calls by `key`."""
        whose = customer_id_of(self._plan.source, key) if key and complaint.value else None
        self.rejects.append(Reject(line, complaint, whole_row, whose))

    def _invalid(self, complaint: Complaint) -> None:
        if complaint.column in self._quality.columns and complaint.code != "duplicate_key":
            self._quality.columns[complaint.column].invalid += 1
