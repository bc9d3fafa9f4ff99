"""Where an answer comes from, as each version tells it: retriever_resources, and a knowledge node's result (pure)."""

from collections.abc import Sequence
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from sandbox.dify.apps import App
from sandbox.dify.events import Event
from sandbox.scripted.script import Source

DATASET_ID: Final = str(uuid5(NAMESPACE_URL, "dataset:sandbox"))
_DATASET: Final = "员工手册"


def cited(app: App, sources: Sequence[Source]) -> list[Event]:
    """The sources as message_end lists them: what the index counts is for Dify's own pages, so the API gets null."""
    told = []
    for position, source in enumerate(sources, 1):
        item: Event = {"position": position, **_place(source), "score": source.score}
        item["retriever_from"] = "workflow" if app.is_graph else "api"
        item |= dict.fromkeys(("hit_count", "word_count", "segment_position", "index_node_hash"))
        item |= {"content": source.content, "page": None}
        more = {"doc_metadata": None, "title": source.document, "files": None, "summary": None}
        told.append({**item, **{name: more[name] for name in app.profile.source_fields}})
    return told


def found(sources: Sequence[Source]) -> list[Event]:
    """The sources as the output `result` of a knowledge-retrieval node."""
    return [
        {
            "metadata": {"_source": "knowledge", "position": position, **_place(source), "score": source.score},
            "title": source.document,
            "content": source.content,
        }
        for position, source in enumerate(sources, 1)
    ]


def _place(source: Source) -> Event:
    return {
        "dataset_id": DATASET_ID,
        "dataset_name": _DATASET,
        "document_id": str(uuid5(NAMESPACE_URL, f"document:{source.document}")),
        "document_name": source.document,
        "data_source_type": "upload_file",
        "segment_id": str(uuid5(NAMESPACE_URL, f"segment:{source.content}")),
    }
