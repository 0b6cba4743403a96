"""Creates all contracts that are not there yet and writes deployments/<chain id>.json.

ape run deploy --network ethereum:local:foundry
ape run deploy --network ethereum:sepolia:node --account <alias>
"""

from pathlib import Path

import click
from ape import accounts, networks
from ape.cli import ConnectedProviderCommand

from lilypad.chain.deploy import FACTORY, DeployParameters, Step, plan
from lilypad.chain.deployments import Deployment

ROOT = Path(__file__).parent.parent


@click.command(cls=ConnectedProviderCommand)
@click.option(
    "--account", help="Alias of the ape account that pays for gas; on a local chain the first one does."
)
def cli(account: str | None) -> None:
    provider = networks.provider
    params = DeployParameters.load(ROOT / "scripts" / "params" / f"{provider.network.name}.yaml")
    payer = accounts.load(account) if account else accounts.test_accounts[0]
    first_block = provider.get_block("latest").number
    if not provider.get_code(FACTORY):
        raise click.ClickException(f"the CREATE2 factory {FACTORY} is not on this chain: deploy it first")

    steps = list(plan(params))
    for step in steps:
        click.echo(f"{step.name:20} {step.address}  {create(step, payer)}")
    contracts = {step.name: step.address for step in steps}
    deployment = Deployment(chain_id=provider.chain_id, block=first_block, contracts=contracts)
    click.echo(f"written to {deployment.save(ROOT / 'deployments').relative_to(ROOT)}")


def create(step: Step, payer: accounts.AccountAPI) -> str:
    if networks.provider.get_code(step.address):
        return "is there"
    payer.call(networks.ecosystem.create_transaction(receiver=FACTORY, data=step.factory_data))
    return "created"
