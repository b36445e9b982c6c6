using System.CommandLine;
using System.Diagnostics;
using PipelineBackup.Golden;

namespace PipelineBackup.Cli.Tests;

public partial class CommandLineTests
{
    [Theory]
    [InlineData("")]
    [InlineData("bakup", "unrecognized command or argument 'bakup'")]
    [InlineData("ese")]
    [InlineData("ese repair x", "'repair'")]
    [InlineData("backup", "'--to' is required")]
    [InlineData("backup x", "'--to' is required")]
    [InlineData("backup --to y")]
    [InlineData("backup x --to y --kind sometimes", "'sometimes'")]
    [InlineData("backup x --to y --on-bad-page ignore", "'ignore'")]
    [InlineData("backup x --to y --max-read-rate fast", "'fast' is no rate for --max-read-rate")]
    [InlineData("backup x --to y --max-upload-rate 0", "'0' is no rate for --max-upload-rate")]
    [InlineData("backup x --to y --store-time-limit 10", "'10' is no time for --store-time-limit")]
    [InlineData("backup x --to y --set a/b", "'a/b' is no name for a backup set")]
    [InlineData("backup x --to y --base edb0", "'edb0' is no base name")]
    [InlineData("backup x --to y --no-such-option", "'--no-such-option'")]
    [InlineData("list", "'--from' is required")]
    [InlineData("list --from ftp://bucket/prefix", "no plugin for scheme 'ftp'")]
    [InlineData("list --from gs://bucket", "name one with --plugin")]
    [InlineData("list --from file://relative/path", "three slashes")]
    [InlineData("list --from file:/x", "no address of a store")]
    [InlineData("show --from x")]
    [InlineData("verify --from x")]
    [InlineData("restore latest --from x", "'--to' is required")]
    [InlineData("restore latest --from x --to y --map edb", "'edb' maps nothing")]
    [InlineData("restore latest --from x --to y --map a=b --map A=c", "'A' is mapped twice")]
    [InlineData("restore latest --from x --to y --stop-at soon", "'soon' is neither a generation nor a time")]
    [InlineData("drill latest", "'--from' is required")]
    [InlineData("ese recover x", "either --copy-to DIR or --in-place")]
    [InlineData("ese recover x --copy-to y --in-place", "not both")]
    [InlineData("ese recover x --in-place --stop-at 0", "'0' is neither")]
    [InlineData("ese recover x --in-place --gen 5", "'5' is no range")]
    [InlineData("ese recover x --in-place --base edb0", "'edb0' is no base name")]
    [InlineData("ese recover x --in-place --map edb", "'edb' maps nothing")]
    [InlineData("ese info")]
    [InlineData("ese logs x --gaps")]
    [InlineData("sink test")]
    [InlineData("sink test ftp://bucket/prefix", "no plugin for scheme 'ftp'")]
    [InlineData("demo extra")]
    [InlineData("expire --from x")]
    public void A_wrong_command_line_is_a_usage_error_with_a_hint(string line, string expected = "")
    {
        string[] args = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var run = Cli.Run(args);
        Assert.Equal((ExitCode.Usage, ""), (run.Exit, run.Output));
        Assert.StartsWith("error: ", run.Error, StringComparison.Ordinal);
        Assert.Contains("\nHINT: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);

        var json = Cli.Json(ExitCode.Usage, args);
        Assert.NotEqual("", (string?)json["error"]!["hint"]);
        Assert.Null(json["error"]!["code"]);
    }

    [Theory]
    [InlineData("backup",
        "--to --kind --set --logs --base --on-bad-page --on-log-gap --require --store-time-limit --max-read-rate --max-upload-rate "
        + "--plugin --database "
        + "<directory|database> full|incremental|differential|copy fail|drop-database|record fail|record all|any")]
    [InlineData("list", "--from --set --plugin")]
    [InlineData("show", "--from --set --plugin <id|latest>")]
    [InlineData("verify", "--from --set --plugin <id|latest>")]
    [InlineData("restore", "--from --to --set --staging --database --map --roll-forward --stop-at --no-recover --plugin <id|latest> OLD=NEW GEN|TIME")]
    [InlineData("drill", "--from --set --scratch --no-mark --plugin <id|latest>")]
    [InlineData("expire", "--from --set --keep-last --keep-days --keep-weekly --keep-monthly --plan --plugin")]
    [InlineData("pin", "--from --set --note --plugin <id|latest>")]
    [InlineData("unpin", "--from --set --plugin <id|latest>")]
    [InlineData("ese info", "<file>")]
    [InlineData("ese checksum", "<file|directory>")]
    [InlineData("ese check", "<database>")]
    [InlineData("ese logs", "<file|directory>")]
    [InlineData("ese dump", "--out --table --system --as-is --from --set --plugin --backup <database> id|latest")]
    [InlineData("ese recover",
        "--copy-to --in-place --base --hard --backup-logs --logs --log-path --checkpoint-path --gen --only --map --strict-map "
        + "--stop-at --stop-on-gap --ignore-lost-logs --ignore-missing-db --no-undo <directory> LOW:HIGH OLD=NEW GEN|TIME")]
    [InlineData("demo", "--keep")]
    public void Help_names_every_option_an_example_and_the_exit_codes(string command, string words)
    {
        var run = Cli.Run([.. command.Split(' '), "--help"]);
        Assert.Equal((ExitCode.Done, ""), (run.Exit, run.Error));
        Assert.All(words.Split(' ').Concat(["--json", "--verbose", $"pipelinebackup {command} "]),
            word => Assert.Contains(word, run.Output, StringComparison.Ordinal));
        string codes = run.Output[run.Output.IndexOf("Exit codes:", StringComparison.Ordinal)..];
        Assert.All((string[])["  0  ", "  1  ", "  2  ", "  130  "], code =>
            Assert.Contains(code, codes, StringComparison.Ordinal));
        Assert.DoesNotContain("HelpName", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_example_parses()
    {
        var root = CommandLine.CreateRoot();
        var commands = Leaves(root).Cast<OperationCommand>().ToList();
        Assert.Equal(
            [
                "backup", "check", "checksum", "demo", "demo-engine", "drill", "dump", "expire", "info", "list", "logs",
                "pin", "recover", "restore", "show", "test", "unpin", "verify",
            ],
            commands.Select(command => command.Name).Order());
        foreach (var command in commands)
        {
            var parsed = root.Parse(command.Example.Split(' ')[1..]);
            Assert.Empty(parsed.Errors);
            Assert.Same(command, parsed.CommandResult.Command);
        }
    }

    [Fact]
    public void The_exit_codes_are_those_of_the_documentation()
    {
        string help = Cli.Expect(ExitCode.Done, "--help").Output;
        string document = File.ReadAllText(Path.Combine(GoldenSets.ProjectRoot, "docs", "operating.md"));
        foreach (var code in Enum.GetValues<ExitCode>())
        {
            Assert.Contains($"\n  {(int)code,-3}  ", help, StringComparison.Ordinal);
            Assert.Contains($"\n| {(int)code} |", document, StringComparison.Ordinal);
        }

        foreach (var command in Leaves(CommandLine.CreateRoot()).Cast<OperationCommand>()
            .Where(command => !command.Hidden))
        {
            Assert.Contains(command.Example, document, StringComparison.Ordinal);
            Assert.All(command.Options.Where(option => option.Name.StartsWith("--", StringComparison.Ordinal)),
                option => Assert.Contains($"`{option.Name}", document, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void The_version_is_told() =>
        Assert.Matches(@"^\d+\.\d+\.\d+", Cli.Expect(ExitCode.Done, "--version").Output);

    [Fact]
    public void A_cancelled_command_ends_with_130()
    {
        using var stopping = new CancellationTokenSource();
        stopping.Cancel();
        var run = Cli.Run(["backup", Path.Combine(GoldenSets.Small("clean-4096"), "files"), "--to",
            GoldenSets.NewFolder("store")], stopping.Token);
        Assert.Equal(ExitCode.Cancelled, run.Exit);
        Assert.Contains("error: cancelled", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(typeof(FileNotFoundException), ExitCode.NotFound, -1811)]
    [InlineData(typeof(DirectoryNotFoundException), ExitCode.NotFound, -1811)]
    [InlineData(typeof(UnauthorizedAccessException), ExitCode.Failed, -1907)]
    [InlineData(typeof(IOException), ExitCode.Failed, -1022)]
    [InlineData(typeof(OperationCanceledException), ExitCode.Failed, null)]
    [InlineData(typeof(InvalidOperationException), ExitCode.Failed, null)]
    public void Failures_of_the_system_have_their_exit_codes(Type type, ExitCode exit, int? error)
    {
        var failure = CommandFailure.Of((Exception)Activator.CreateInstance(type)!, isCancelled: false);
        Assert.Equal((exit, error), (failure.Exit, failure.Error?.Number));
        Assert.NotEqual("", failure.Hint);
    }

    [Fact]
    public void A_full_disk_and_a_lock_are_told_apart_from_other_faults_of_the_disk()
    {
        bool isWindows = OperatingSystem.IsWindows();
        var full = CommandFailure.Of(new IOException("full", isWindows ? unchecked((int)0x80070070) : 28), false);
        Assert.Equal((ExitCode.Failed, -1808), (full.Exit, full.Error?.Number));
        int locked = isWindows ? unchecked((int)0x80070020) : OperatingSystem.IsMacOS() ? 35 : 11;
        Assert.Equal(ExitCode.InUse, CommandFailure.Of(new IOException("locked", locked), false).Exit);
        // A pipe that nobody reads has the number elsewhere that a lock has on Windows.
        Assert.Equal(ExitCode.Failed, CommandFailure.Of(new IOException("pipe", isWindows ? 109 : 32), false).Exit);
    }

    [Fact]
    public void The_built_program_writes_results_and_messages_to_their_streams()
    {
        string file = Path.Combine(GoldenSets.Small("clean-4096"), "files", "db1.edb");
        using var good = Start("ese", "info", file);
        string output = good.StandardOutput.ReadToEnd(), error = good.StandardError.ReadToEnd();
        good.WaitForExit();
        Assert.Equal((0, ""), (good.ExitCode, error));
        Assert.Contains("State: Clean Shutdown", output, StringComparison.Ordinal);

        using var wrong = Start("ese", "info");
        (output, error) = (wrong.StandardOutput.ReadToEnd(), wrong.StandardError.ReadToEnd());
        wrong.WaitForExit();
        Assert.Equal((2, ""), (wrong.ExitCode, output));
        Assert.Contains("HINT: 'pipelinebackup ese info --help'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupted_program_publishes_nothing_and_ends_with_130()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "there is no SIGTERM to send");
        string store = GoldenSets.NewFolder("store");
        string source = Path.Combine(GoldenSets.Small("clean-4096"), "files");
        using var process = Start("backup", source, "--to", store, "--max-read-rate", "1kB", "--json");
        // Once the store is made the program reads, which takes it half an hour.
        while (!File.Exists(Path.Combine(store, "format.json")) && !process.HasExited)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        // The same is done for Ctrl-C, but what a shell starts behind itself is told to ignore that, and so are its children.
        const int Terminate = 15;
        Assert.Equal(0, Signal(process.Id, Terminate));
        string rest = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(130, process.ExitCode);
        Assert.Contains("\"exit\":130", rest, StringComparison.Ordinal);
        Assert.Empty(Cli.Json(ExitCode.Done, "list", "--from", store)["backups"]!.AsArray());
    }

    private static IEnumerable<Command> Leaves(Command command) =>
        command.Subcommands.Count == 0 ? [command] : command.Subcommands.SelectMany(Leaves);

    [System.Runtime.InteropServices.LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);

    private static Process Start(params string[] args) => Process.Start(
        new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "pipelinebackup.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
}
