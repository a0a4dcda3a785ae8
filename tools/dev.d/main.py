"""The command line of tools/dev."""

import argparse
import os
import sys
import textwrap

import layout
import ui


def _port(text):
    number = int(text)
    if not 1024 <= number <= 65000:
        raise argparse.ArgumentTypeError("a port between 1024 and 65000")
    return number


def _replicas(text):
    import services
    number = int(text)
    if not 1 <= number <= services.MAX_REPLICAS:
        raise argparse.ArgumentTypeError(f"a number between 1 and {services.MAX_REPLICAS}")
    return number


def _command(commands, name, text, examples, run):
    parser = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="examples:\n" + textwrap.indent(textwrap.dedent(examples).strip(), "  "))
    parser.set_defaults(run=run)
    return parser


def _state_option(parser):
    parser.add_argument("--state", metavar="DIR", default=str(layout.REPO / "var"),
                        help="folder that holds everything of the instance (default: var/)")


def _on_state(module, function):
    """Loads only the module that the command needs."""
    def run(args):
        return getattr(__import__(module), function)(args, layout.State(args.state))
    return run


def _plain(module, function="run"):
    def run(args):
        return getattr(__import__(module), function)(args)
    return run


def _add_building(commands):
    from build import PRESETS
    _command(commands, "setup", "install what is missing on a Debian 12 machine", """
        tools/dev setup        # as root or with sudo; does nothing if all is there
        """, _plain("setup"))
    parser = _command(commands, "build", "compile", """
        tools/dev build
        tools/dev build sockel-efile sockel
        tools/dev build --preset asan-ubsan
        """, _plain("build"))
    parser.add_argument("--preset", choices=PRESETS, default="dev")
    parser.add_argument("targets", nargs="*", help="CMake targets (default: everything)")


def _add_running(commands):
    parser = _command(commands, "up", "start the suite: build, PostgreSQL, mail sink, services", """
        tools/dev up
        tools/dev up --state /tmp/second              # a second instance, side by side
        tools/dev up --base-port 9000 --replicas 2    # two of each service
        tools/dev up --standalone                     # all four in one process
        """, _on_state("suite", "up"))
    _state_option(parser)
    ports = parser.add_mutually_exclusive_group()
    ports.add_argument("--base-port", type=_port, metavar="N",
                       help="first of the 200 ports: mail N, gRPC from N+1, metrics from N+101")
    ports.add_argument("--ports", choices=("auto",), help="take free ports (the default)")
    parser.add_argument("--standalone", action=argparse.BooleanOptionalAction, default=None,
                        help="all four services in one process")
    parser.add_argument("--replicas", type=_replicas, metavar="N", help="processes per service")
    parser.add_argument("--preset", choices=("dev", "release", "asan-ubsan", "tsan"),
                        help="which build runs (default: the one that ran before, at first dev)")
    parser.add_argument("--fsync", action=argparse.BooleanOptionalAction, default=None,
                        help="whether PostgreSQL waits for the disk (default: yes); without, a "
                             "power cut may damage the data: for instances of tests")
    parser.add_argument("--no-build", action="store_true", help="run what is built already")
    _state_option(_command(commands, "down", "stop the suite; its data stays", """
        tools/dev down
        tools/dev down --state /tmp/second
        """, _on_state("suite", "down")))
    _state_option(_command(commands, "status", "show what runs; exit code 1 if anything does not", """
        tools/dev status
        """, _on_state("inspect_suite", "status")))


def _add_looking(commands):
    parser = _command(commands, "logs", "show the logs", """
        tools/dev logs                 # the last lines of all
        tools/dev logs efile -f        # follow one
        tools/dev logs postgres -n 100
        """, _on_state("inspect_suite", "logs"))
    _state_option(parser)
    parser.add_argument("service", nargs="?", help="identity, efile, notification, catalog, postgres, mail")
    parser.add_argument("-f", "--follow", action="store_true", help="go on as the log grows")
    parser.add_argument("-n", "--lines", type=int, default=20, help="lines of each (default: 20)")
    parser = _command(commands, "mail", "read what the suite has sent", """
        tools/dev mail
        tools/dev mail show 1
        tools/dev mail list --json     # for scripts, with the text of each message
        """, _on_state("mail", "run"))
    _state_option(parser)
    parser.add_argument("action", nargs="?", choices=("list", "show"), default="list")
    parser.add_argument("number", nargs="?", type=int, help="of the message to show")
    parser.add_argument("--json", action="store_true")
    parser = _command(commands, "psql", "open a service's database", """
        tools/dev psql efile
        tools/dev psql efile -- -c 'SELECT count(*) FROM dossiers'
        tools/dev psql efile --role runtime    # as the service: sees rows of the bound tenant only
        """, _on_state("inspect_suite", "psql"))
    _state_option(parser)
    parser.add_argument("service", choices=("identity", "efile", "notification", "catalog"))
    parser.add_argument("--role", choices=("superuser", "owner", "runtime"), default="superuser")
    parser = _command(commands, "clean", "stop the suite and remove its data", """
        tools/dev clean
        tools/dev clean --all          # also the build folder
        """, _on_state("inspect_suite", "clean"))
    _state_option(parser)
    parser.add_argument("--all", action="store_true", help="also remove build/")


def _add_checking(commands):
    parser = _command(commands, "test", "build and run every test", """
        tools/dev test                 # what CI runs
        tools/dev test --all           # and what sanitizers see of the running suite
        tools/dev test -k dossier      # only tests whose name contains it
        """, _plain("check"))
    parser.add_argument("--all", action="store_true",
                        help="also the C++ tests as built for use and under ThreadSanitizer, and the "
                             "hardest tests from outside on programs with AddressSanitizer")
    parser.add_argument("-k", dest="filter", metavar="TEXT",
                        help="only tests whose name contains TEXT, be it in C++ or in Python")
    _command(commands, "lint", "check format, layering, protos and file sizes", """
        tools/dev lint
        """, _plain("lint"))
    _command(commands, "fmt", "format the C++ files", """
        tools/dev fmt
        """, _plain("lint", "fmt"))
    parser = _command(commands, "bench", "measure, with the limits of this machine beside the figures", """
        tools/dev bench
        tools/dev bench null_rpc who_am_i
        """, _plain("bench"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="figures (default: all)")
    parser = _command(commands, "demo", "carry real documents from order to evidence", """
        tools/dev demo                 # documents found on this machine
        tools/dev demo ~/Documents
        """, _on_state("demo", "run"))
    _state_option(parser)
    parser.add_argument("folder", nargs="?", metavar="FOLDER",
                        help="all files below it are filed, of any type and size")


def _split(arguments):
    """What follows `--` belongs to the program that is started."""
    if "--" not in arguments:
        return arguments, []
    position = arguments.index("--")
    return arguments[:position], arguments[position + 1:]


def main():
    parser = argparse.ArgumentParser(
        prog="tools/dev", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Everything a developer of Sockel does, in one script.",
        epilog="start here:\n  tools/dev up\n  tools/dev test\n\n"
               "tools/dev COMMAND --help shows examples.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_building(commands)
    _add_running(commands)
    _add_looking(commands)
    _add_checking(commands)
    own, rest = _split(sys.argv[1:])
    args = parser.parse_args(own)
    args.arguments = rest
    if rest and args.command != "psql":
        parser.error(f"nothing may follow -- after {args.command}")
    try:
        return args.run(args) or 0
    except ui.Failure as failure:
        sys.stdout.flush()
        ui.warn(str(failure))
        if failure.hint:
            print(failure.hint, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
