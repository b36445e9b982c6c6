using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace PipelineBackup.Cli.Demo;

/// <summary>The process with the living database: this program once more, so that it can be killed.</summary>
internal sealed class DemoProcess : IAsyncDisposable
{
    private const string ProgramName = "pipelinebackup";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Task _reading, _errors;
    private readonly Action<string> _tell;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<JsonNode> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string _error = "";

    private DemoProcess(Process process, Action<string> tell)
    {
        (_process, _tell) = (process, tell);
        _reading = Task.Run(ReadAsync);
        _errors = Task.Run(async () => _error = await process.StandardError.ReadToEndAsync());
    }

    /// <summary>What it told.</summary>
    public DemoJournal Journal { get; } = new();

    /// <summary>Starts it, and waits until its writers are at work.</summary>
    /// <param name="folder">Where it works.</param>
    /// <param name="tell">Takes the progress of backups.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<DemoProcess> StartAsync(
        string folder, Action<string> tell, CancellationToken cancellationToken)
    {
        var (program, first) = Program();
        var start = new ProcessStartInfo(program, [.. first, "demo", "--engine-in", folder])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        var process = new DemoProcess(Process.Start(start)!, tell);
        try
        {
            await process.WaitAsync(process._ready.Task, cancellationToken);
            return process;
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until so many more transactions are durable.</summary>
    /// <param name="transactions">How many.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task WorkAsync(long transactions, CancellationToken cancellationToken)
    {
        long target = Journal.Count + transactions, started = Stopwatch.GetTimestamp();
        while (Journal.Count < target && Stopwatch.GetElapsedTime(started) < s_patience && !_reading.IsCompleted)
            await Task.Delay(10, cancellationToken);
        if (Journal.Count < target)
            throw new InvalidOperationException($"its writers stopped after {Journal.Count} transactions: {_error}");
    }

    /// <summary>Has it make a backup.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<JsonNode> BackUpAsync(string kind, CancellationToken cancellationToken)
    {
        _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await _process.StandardInput.WriteLineAsync(kind);
        await _process.StandardInput.FlushAsync(cancellationToken);
        await WaitAsync(_done.Task, cancellationToken);
        return await _done.Task;
    }

    /// <summary>Ends it in the middle of whatever it does, and reads what it said last.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        await _reading;
        await _errors;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process.Dispose();
    }

    private async Task ReadAsync()
    {
        while (await _process.StandardOutput.ReadLineAsync() is { } line)
        {
            if (Journal.Take(line))
                continue;
            if (line == DemoEngine.Ready)
                _ready.TrySetResult();
            else if (line.StartsWith(DemoEngine.Progress, StringComparison.Ordinal))
                _tell(line[DemoEngine.Progress.Length..]);
            else if (line.StartsWith(DemoEngine.Done, StringComparison.Ordinal))
                _done.TrySetResult(JsonNode.Parse(line[DemoEngine.Done.Length..])!);
        }
    }

    private async Task WaitAsync(Task task, CancellationToken cancellationToken)
    {
        await Task.WhenAny(task, _reading).WaitAsync(s_patience, cancellationToken);
        if (!task.IsCompletedSuccessfully)
        {
            await KillAsync();
            throw new InvalidOperationException($"the process with the database ended: {_error.Trim()}");
        }
    }

    // The program itself; where its code runs in another one, as in tests, the one beside it.
    private static (string Program, string[] First) Program()
    {
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == ProgramName)
            return (Environment.ProcessPath!, []);
        string beside = Path.Combine(AppContext.BaseDirectory, ProgramName);
        string host = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet");
        if (OperatingSystem.IsWindows())
            (beside, host) = (beside + ".exe", host + ".exe");
        return File.Exists(beside) ? (beside, [])
            : (Path.GetFullPath(host), [Path.Combine(AppContext.BaseDirectory, ProgramName + ".dll")]);
    }
}
