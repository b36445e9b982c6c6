using System.Diagnostics;
using System.Text.Json.Nodes;
using PipelineBackup.Cli.Commands;

namespace PipelineBackup.Cli.Demo;

/// <summary>The process of <see cref="DemoEngine"/> as the demonstration has it: what it tells, and its end.</summary>
internal sealed class DemoChild : IDisposable
{
    private const string Program = "pipelinebackup";

    private readonly Process _process;

    private DemoChild(Process process) => _process = process;

    /// <summary>Starts it.</summary>
    /// <param name="folder">The directory of the demonstration.</param>
    public static DemoChild Start(string folder)
    {
        string self = Environment.ProcessPath ?? "";
        bool isProgram = Path.GetFileNameWithoutExtension(self) == Program;
        string host = isProgram || Path.GetFileNameWithoutExtension(self) == "dotnet" ? self
            : Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(host)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (!isProgram)
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, Program + ".dll"));
        foreach (string argument in (string[])[DemoEngineCommand.Word, folder, "--json"])
            start.ArgumentList.Add(argument);
        var process = Process.Start(start) ?? throw new InvalidOperationException($"'{host}' does not start");
        // Its last line has every failure too.
        process.BeginErrorReadLine();
        return new(process);
    }

    /// <summary>Waits for what it tells next.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="InvalidOperationException">It ended.</exception>
    public async Task<JsonNode> NextAsync(CancellationToken cancellationToken)
    {
        string? line = await _process.StandardOutput.ReadLineAsync(cancellationToken);
        var told = line is null ? null : JsonNode.Parse(line);
        return told?["ok"] is null && told is not null
            ? told
            : throw new InvalidOperationException(
                $"its process ended: {(string?)told?["error"]?["message"] ?? "nothing was said"}");
    }

    /// <summary>Kills it: it has no chance to write, close or say anything.</summary>
    /// <returns>Whether it was alive until then.</returns>
    public async Task<bool> KillAsync(CancellationToken cancellationToken)
    {
        bool wasAlive = !_process.HasExited;
        _process.Kill();
        await _process.WaitForExitAsync(cancellationToken);
        return wasAlive;
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
