"""What the pages about a person say beyond the rows: where each value comes from, and which ways led somewhere."""

from careloop_profile.overview.policy.explaining import Explaining, Origin, Origins
from careloop_profile.overview.policy.paths import By, History, Path, Step, frequent

__all__ = ["By", "Explaining", "History", "Origin", "Origins", "Path", "Step", "frequent"]
