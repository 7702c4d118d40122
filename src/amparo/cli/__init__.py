"""The door for whoever runs an installation: one command line, `amparo`."""

import click

from amparo.cli.manual import House

# Heading -> command -> where it is and what it is for. Nothing is imported until it is called, so
# that the raid button does not wait for a web server to load.
COMMANDS = {
    "RUN": {
        "up": ("amparo.cli.run", "up", "Start web and engine together."),
        "web": ("amparo.cli.run", "web", "Start the web alone."),
        "engine": ("amparo.cli.run", "engine", "Start the engine alone."),
    },
    "SET UP": {
        "init": ("amparo.cli.founding", "init", "Found an installation with its first officers."),
        "doctor": ("amparo.cli.doctor", "doctor", "Say what is wrong, and how to mend it."),
        "locale": ("amparo.cli.languages", "locale", "Read the safety texts of a language."),
        "manage": ("amparo.cli.manage", "manage", "Django's own commands."),
    },
    "PEOPLE": {
        "staff": ("amparo.cli.staff", "staff", "Invite, let go, lock out, list."),
        "lockdown": ("amparo.cli.raid", "lockdown", "The raid button, and the way back."),
    },
    "ALARMS": {
        "alarms": ("amparo.cli.alarms", "alarms", "Try a ladder on paper."),
        "channels": ("amparo.cli.channels", "channels", "See and try the ways out of the house."),
    },
    "JOURNAL": {
        "journal": ("amparo.cli.journal", "journal", "Verify, export, print a checkpoint."),
    },
    "SHOW": {
        "demo": ("", "", "Play the whole story against a real server."),
        "demo-code": ("", "", "Six digits for a sample sign-in."),
        "prove": ("", "", "Show every promise on a fresh installation."),
        "bench": ("", "", "Measure, beside what others do."),
    },
}


@click.group(
    "amparo",
    cls=House,
    table=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="amparo", message="amparo %(version)s")
def main() -> None:
    """A call for help, sealed, answered, shared only by consent.

    Amparo keeps everything in one data folder. Begin with `amparo init`, then `amparo up`;
    `amparo doctor` says what is missing. `amparo COMMAND --help` is a page of the manual.
    """
