"""Creates all contracts that are not there yet and writes deployments/<chain id>.json.

ape run deploy --network ethereum:local:foundry
ape run deploy --network ethereum:local:http://127.0.0.1:8545
ape run deploy --network ethereum:sepolia:node --account <alias>
"""

from pathlib import Path

import click
from ape import accounts, networks
from ape.api import AccountAPI
from ape.cli import ConnectedProviderCommand

from lilypad.chain.deploy import FACTORY, Step, contracts_of, plan
from lilypad.chain.deployments import Deployment, read_deployment, write_deployment
from lilypad.chain.parameters import DeployParameters
from lilypad.errors import FaultError
from lilypad.types import Address

ROOT = Path(__file__).parent.parent


@click.command(cls=ConnectedProviderCommand)
@click.option("--account", help="Alias of the ape account that pays for gas; on a local chain the first one does.")
@click.option("--params", help="Which file of scripts/params/; the network's name if it is not given.")
def cli(account: str | None, params: str | None) -> None:
    provider = networks.provider
    try:
        parameters = DeployParameters.load(ROOT / "scripts" / "params" / f"{params or provider.network.name}.yaml")
    except FaultError as error:
        raise click.ClickException(str(error)) from error
    payer = accounts.load(account) if account else accounts.test_accounts[0]
    head = provider.get_block("latest").number
    if not provider.get_code(FACTORY):
        raise click.ClickException(f"the CREATE2 factory {FACTORY} is not on this chain: deploy it first")

    steps = list(plan(parameters))
    for step in steps:
        done = create(step, payer)
        for name, address in contracts_of([step]).items():
            click.echo(f"{name:20} {address}  {done}")
    contracts = contracts_of(steps)
    deployment = Deployment(chain_id=chain_id(), block=first_block(contracts, head), contracts=contracts)
    click.echo(f"written to {write_deployment(ROOT / 'deployments', deployment).relative_to(ROOT)}")


def chain_id() -> int:
    """As the node says: what ape assumes of a local network need not be true."""
    return networks.provider.web3.eth.chain_id


def first_block(contracts: dict[str, Address], head: int) -> int:
    """Agents read from here on: what an earlier run of this script wrote for the same contracts stays."""
    try:
        earlier = read_deployment(ROOT / "deployments", chain_id())
    except FaultError:
        return head
    return min(earlier.block, head) if earlier.contracts == contracts else head


def create(step: Step, payer: AccountAPI) -> str:
    if networks.provider.get_code(step.address):
        return "is there"
    fields = {"sender": payer.address, "receiver": FACTORY, "data": step.factory_data, "chain_id": chain_id()}
    transaction = networks.ecosystem.create_transaction(**fields)
    payer.call(transaction)
    return "created"
