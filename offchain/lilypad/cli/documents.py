"""What `--json` prints. The keys are an interface: add, never rename."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lilypad.cli.amounts import amount_document
from lilypad.cli.words import next_step
from lilypad.protocol.deal import deadline

if TYPE_CHECKING:
    from lilypad.agents.configuration import Effective
    from lilypad.agents.creator.archive import Standing
    from lilypad.agents.creator.jobs import Job
    from lilypad.agents.network import Funds
    from lilypad.agents.work.fetching import JobResult
    from lilypad.agents.work.packages import Package
    from lilypad.modules.manifest import InputDefinition
    from lilypad.protocol.deal import Deal
    from lilypad.types import Resources

STEPS = {
    "DealAgreed": "agreed",
    "ResultSubmitted": "submitted",
    "DealAccepted": "accepted",
    "DealChallenged": "challenged",
    "DealDecided": "decided",
    "DealDeclined": "declined",
    "DealLate": "late",
}
"""What the transaction behind each event of a deal did."""


def dump(document: object) -> str:
    return json.dumps(document, indent=2)


def resources_document(resources: Resources) -> dict[str, int]:
    """Cores in thousandths."""
    return {
        "cpuMilli": resources.cpu_milli,
        "ramMib": resources.ram_mib,
        "diskMib": resources.disk_mib,
        "gpu": resources.gpu,
        "vramMib": resources.vram_mib,
    }


def job_document(
    job: Job, standing: Standing | None, now: float, result: JobResult | None = None, output: Path | None = None
) -> dict[str, Any]:
    """A job, its deal once it has one, and its result once that was checked."""
    deal = standing.deal if standing else None
    offer = job.signed.offer
    document: dict[str, Any] = {
        "job": job.id,
        "module": job.module,
        "inputs": job.inputs,
        "created": time_document(job.created),
        "state": (state := state_of(job, standing, now)),
        "next": next_step(job.id, state),
        "until": time_document(_until(job, deal)),
        "ceiling": amount_document(offer.payment_ceiling),
        "deal": "0x" + deal.id.hex() if deal else None,
        "provider": deal.terms.provider if deal else None,
        "cost": amount_document(deal.cost) if deal and deal.cost is not None else None,
        "instructions": deal.claim.instruction_count if deal and deal.claim else None,
        "transactions": transactions(standing),
    }
    if result is not None:
        document |= result_document(result, output or result.folder)
    return document


def result_document(result: JobResult, output: Path) -> dict[str, Any]:
    status = result.record.result.exit_status
    return {
        "exitStatus": int(status),
        "exit": str(status),
        "cid": str(result.record.cid),
        "output": str(output),
        "stdout": result.stdout.decode(errors="replace"),
        "stderr": result.stderr.decode(errors="replace"),
    }


def state_of(job: Job, standing: Standing | None, now: float) -> str:
    if standing is not None:
        return standing.deal.status.name.lower()
    if job.cancelled:
        return "cancelled"
    return "expired" if job.signed.offer.expiry < now else "offered"


def _until(job: Job, deal: Deal | None) -> int | None:
    """When the state ends by itself: an offer's expiry, or the deadline of whoever is to act on the deal."""
    if deal is not None:
        return deadline(deal)
    return None if job.cancelled else job.signed.offer.expiry


def time_document(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def transactions(standing: Standing | None) -> dict[str, str]:
    if standing is None:
        return {}
    return {STEPS.get(event, event): "0x" + tx_hash.hex() for event, tx_hash in standing.transactions}


def setting_document(each: Effective) -> dict[str, Any]:
    return {"name": each.name, "variable": each.variable, "value": each.value, "source": each.source}


def funds_document(address: str, funds: Funds, gas: int) -> dict[str, Any]:
    return {
        "address": address,
        "wallet": amount_document(funds.wallet),
        "free": amount_document(funds.free),
        "locked": amount_document(funds.locked),
        "gas": {"wei": str(gas)},
    }


def module_document(package: Package) -> dict[str, Any]:
    manifest = package.manifest
    return {
        "name": manifest.name,
        "version": manifest.version,
        "description": manifest.description,
        "engine": str(manifest.engine),
        "deterministic": manifest.deterministic,
        "built": package.is_built,
        "digest": "0x" + package.digest.hex() if package.is_built else None,
        "royaltyBps": manifest.royalty_bps,
        "budget": {"default": manifest.budget.default, "maximum": manifest.budget.maximum},
        "inputs": [input_document(definition) for definition in manifest.inputs],
        "folder": str(package.folder),
    }


def input_document(definition: InputDefinition) -> dict[str, Any]:
    """Only the limits that its type has."""
    document: dict[str, Any] = {
        "name": definition.name,
        "type": str(definition.type),
        "description": definition.description,
        "required": definition.required,
        "default": definition.default,
    }
    match str(definition.type):
        case "string":
            document["maxLength"] = definition.max_length
            if definition.pattern is not None:
                document["pattern"] = definition.pattern.pattern
        case "int" | "float":
            document |= {"minimum": definition.minimum, "maximum": definition.maximum}
        case "choice":
            document["choices"] = list(definition.choices)
        case "file":
            document["maxBytes"] = definition.max_bytes
    return document
