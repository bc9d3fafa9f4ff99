"""The Dify versions that the embedded Dify can be, each a frozen value of what that version does on the wire."""

from dataclasses import dataclass, replace
from typing import Final, Literal


@dataclass(frozen=True, kw_only=True)
class Profile:
    """How one Dify version differs from the others, as far as a client can see.

    A field's comment names the release that brought or ended the habit; the defaults are nobody's in particular.
    """

    name: str
    version: str

    # framing
    data_ping: bool = False  # the ping is `data: ping`, not JSON (until 0.6.3)
    ascii_events: bool = True  # events are ASCII JSON with blanks after `,` and `:` (until 1.8.0), then raw UTF-8, compact

    # refusals
    restx: bool = False  # `status` in every refusal, a guess at other addresses behind every 404, WWW-Authenticate (1.8.0)
    pydantic: bool = False  # a wrong body field is told as pydantic's dump (1.11.0)

    # events of every kind
    selectors: bool = True  # text events carry from_variable_selector (0.8.1)
    end_files: bool = True  # message_end carries `files` (0.10.0)
    full_metadata: bool = False  # message_end's metadata always has annotation_reply and retriever_resources (1.x)
    usage_times: bool = False  # usage tells time_to_first_token and time_to_generate (1.9)
    metadata_reasoning: bool = False  # metadata has `reasoning` (1.15)
    replace_reason: bool = False  # message_replace has `reason` (1.3.1)
    text_as_file: bool = False  # text deltas are called message_file when the user sent files (1.11.2 - 1.12.1)
    text_as_own_file: bool = False  # a chat's text deltas are called message_file when the AI made a file first (1.13.0)
    users_files_in_end: bool = False  # a chat's message_end lists the files that the user sent (1.13.1)
    think: Literal["tags", "details"] = "tags"  # how a model's thoughts show in the answer (details: 0.15 only)

    # events of chatflow and workflow
    sequence_number: bool = False  # workflow_started and workflow_finished count the app's runs (until 1.4.1)
    exceptions_count: bool = True  # workflow_finished counts exceptions (0.14)
    start_reason: bool = False  # workflow_started has reason "initial" (1.13.0)
    parallel: bool = False  # nodes carry parallel ids and branches are announced (0.8.0 - 1.8.x)
    loop: bool = False  # nodes carry loop_id and agent_strategy (1.0.1)
    new_engine: bool = False  # {} for nothing, *_truncated flags, no order among nodes, values stream as text_chunk (1.9.0)
    sys_conversation: bool = True  # inputs carry sys.conversation_id, and the dialogue count starts at 0
    reasoning_chunk: bool = False  # separated reasoning is streamed (1.15.0)

    # how chatflow and workflow streams begin and end
    worker: bool = False  # they run in a worker: ping at once, closed at workflow_finished, silence otherwise (1.13.0)
    message_end: Literal["last", "never", "before"] = "last"  # where message_end stands to workflow_finished
    synthetic: bool = False  # a stream without a terminal event gets an invented failed run (1.15.0)
    eager_conversation: bool = True  # an unknown conversation is a 404 before the stream (not in 1.13 and 1.14)
    stop_aborts: bool = False  # a workflow's stop ignores the user and ends it as failed (1.9.0 - 1.14.1)
    workflow_stop_any_user: bool = False  # a workflow's stop ignores the user (1.9.0)
    disconnect_aborts: bool = False  # chat, agent and completion die with their client (1.16)

    # files and citations
    strict_files: Literal["no", "always", "named"] = "no"  # a file must be of the type that its reference names (1.x)
    checks_file_id: bool = False  # an upload_file_id that is no UUID is told so, before it was a 500 (1.x)
    file_tenant: bool = False  # file objects carry tenant_id (0.10 - 1.13)
    file_reference: bool = False  # file objects carry an opaque reference (1.14)
    source_fields: tuple[str, ...] = ()  # what a citation tells beside the fields that it always had

    # inputs
    frozen_inputs: bool = False  # a conversation keeps its first inputs and ignores later ones (until 0.15.3)
    falsy_is_missing: bool = False  # "", 0 and false count as missing (0.6)
    absent_is: Literal["blank", "null", "default"] = "null"  # what an absent optional input becomes (default: 1.10.1)

    # other endpoints
    upload_extras: bool = False  # an upload's answer has preview_url, source_url, ... (1.9.0)
    upload_scoped: bool = False  # a file belongs to the user who uploaded it (1.14.0)
    image_form_only: bool = False  # /parameters knows images only, its limits are strings (0.6 - 0.9)
    about_fields: tuple[str, ...] = ("name", "description", "tags", "mode", "author_name")
    delete_status: int = 204
    run_outputs_object: bool = False  # run detail gives outputs as an object, not as a JSON string (1.13.0)
    run_404: bool = False  # an unknown run is a 404, before it was 200 full of nulls (1.13.1)
    pins_workflows: bool = False  # a published version can be asked for by its workflow_id (1.7.2)
    run_of_chatflow: bool = True  # run detail serves chatflows too (seen 1.4.3)
    message_extras: tuple[str, ...] = ()  # what an item of /messages has more


_A = Profile(
    name="A",
    version="0.6.3",
    data_ping=True,
    selectors=False,
    end_files=False,
    sequence_number=True,
    exceptions_count=False,
    frozen_inputs=True,
    falsy_is_missing=True,
    absent_is="blank",
    image_form_only=True,
    about_fields=("name", "description"),
    delete_status=200,
    run_of_chatflow=False,
)
_B = replace(
    _A,
    name="B",
    version="0.15.3",
    data_ping=False,
    selectors=True,
    end_files=True,
    exceptions_count=True,
    parallel=True,
    think="details",
    falsy_is_missing=False,
    absent_is="null",
    file_tenant=True,
    image_form_only=False,
    about_fields=("name", "description", "tags"),
)
_C = replace(
    _B,
    name="C",
    version="1.7.1",
    full_metadata=True,
    replace_reason=True,
    think="tags",
    sequence_number=False,
    loop=True,
    strict_files="always",
    checks_file_id=True,
    source_fields=("doc_metadata", "title"),
    frozen_inputs=False,
    about_fields=("name", "description", "tags", "mode", "author_name"),
    delete_status=204,
    run_of_chatflow=True,
)
_D = replace(
    _C,
    name="D",
    version="1.9.1",
    ascii_events=False,
    restx=True,
    usage_times=True,
    parallel=False,
    new_engine=True,
    stop_aborts=True,
    workflow_stop_any_user=True,
    upload_extras=True,
    pins_workflows=True,
)
_E = replace(
    _D,
    name="E",
    version="1.12.1",
    pydantic=True,
    text_as_file=True,
    source_fields=("doc_metadata", "title", "files"),
    absent_is="default",
)
_F = replace(
    _E,
    name="F",
    version="1.13.0",
    text_as_file=False,
    text_as_own_file=True,
    start_reason=True,
    sys_conversation=False,
    worker=True,
    message_end="never",
    eager_conversation=False,
    run_outputs_object=True,
)
_G = replace(
    _F,
    name="G",
    version="1.14.2",
    users_files_in_end=True,
    message_end="before",
    stop_aborts=False,
    strict_files="named",
    file_tenant=False,
    file_reference=True,
    upload_scoped=True,
    run_404=True,
    message_extras=("extra_contents",),
)
_H = replace(
    _G,
    name="H",
    version="1.16.1",
    metadata_reasoning=True,
    reasoning_chunk=True,
    synthetic=True,
    eager_conversation=True,
    disconnect_aborts=True,
    source_fields=("doc_metadata", "title", "files", "summary"),
    message_extras=(
        "extra_contents",
        "message_tokens",
        "answer_tokens",
        "total_tokens",
        "provider_response_latency",
        "total_price",
        "currency",
    ),
)

PROFILES: Final = {profile.name: profile for profile in (_A, _B, _C, _D, _E, _F, _G, _H)}
NEWEST: Final = _H
