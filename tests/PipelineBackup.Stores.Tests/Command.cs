using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using PipelineBackup.Cli;

namespace PipelineBackup.Stores.Tests;

/// <summary>What a command line gave.</summary>
/// <param name="Exit">Exit code; that of a signal where it was killed.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record CommandOutcome(int Exit, string Output, string Error)
{
    /// <summary>The last line of the output, which is the result where <c>--json</c> was given.</summary>
    public JsonNode Result => JsonNode.Parse(Output.TrimEnd('\n').Split('\n')[^1])!;

    /// <summary>Asserts that it ended in a certain way.</summary>
    public CommandOutcome Require(ExitCode exit)
    {
        Assert.True(Exit == (int)exit, $"exit {Exit} instead of {exit}: {Output}{Error}");
        return this;
    }
}

/// <summary>Runs command lines: in this process, or in one of its own, which can be killed.</summary>
internal static class Command
{
    /// <summary>Runs a command line in this process, with <c>--json</c>.</summary>
    public static Task<CommandOutcome> RunAsync(params string[] args) => RunAtAsync(TimeProvider.System, args);

    /// <summary>Runs a command line in this process, by another clock.</summary>
    public static async Task<CommandOutcome> RunAtAsync(TimeProvider time, params string[] args)
    {
        using StringWriter output = new() { NewLine = "\n" }, error = new() { NewLine = "\n" };
        var terminal = new Terminal { Output = output, Error = error, Time = time };
        var exit = await CommandLine.RunAsync([.. args, "--json"], terminal, TestContext.Current.CancellationToken);
        return new((int)exit, output.ToString(), error.ToString());
    }

    /// <summary>Starts a command line in a process of its own, with <c>--json</c>.</summary>
    public static ChildCommand Start(params string[] args) => new([.. args, "--json"]);
}

/// <summary>A command line in a process of its own.</summary>
internal sealed class ChildCommand : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    /// <summary>Starts it.</summary>
    /// <param name="args">The command line.</param>
    public ChildCommand(IEnumerable<string> args)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "pipelinebackup.dll"));
        foreach (string arg in args)
            start.ArgumentList.Add(arg);
        foreach (var (name, value) in RealStore.Environment)
            start.Environment[name] = value;
        _process = Process.Start(start) ?? throw new InvalidOperationException("the program does not start");
        _output = _process.StandardOutput.ReadToEndAsync();
        _error = _process.StandardError.ReadToEndAsync();
    }

    /// <summary>
    /// The most memory that it had in bytes, as the system counts it: what is in memory of its own and of files. Only on
    /// Linux, and only while it runs; 0 otherwise.
    /// </summary>
    public long PeakMemory
    {
        get
        {
            try
            {
                const string Field = "VmHWM:";
                string? line = File.ReadLines($"/proc/{_process.Id}/status").FirstOrDefault(line => line.StartsWith(Field, StringComparison.Ordinal));
                return line is null ? 0 : long.Parse(line[Field.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) << 10;
            }
            catch (IOException)
            {
                return 0;
            }
        }
    }

    /// <summary>Kills it: it has no chance to write, close or say anything.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Waits for its end.</summary>
    public async Task<CommandOutcome> EndAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new(_process.ExitCode, await _output, await _error);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }
}
