using System.ComponentModel;
using System.Diagnostics;

namespace PipelineBackup.Format.Tests;

/// <summary>The rescue script as it stands in the document, run with the programs of this machine.</summary>
internal static class RescueScript
{
    private static readonly string s_python = OperatingSystem.IsWindows() ? "python" : "python3";
    private static readonly Lazy<string> s_path = new(Write);
    private static readonly Lazy<string?> s_obstacle = new(FindObstacle);

    /// <summary>Skips the running test where Python 3 or lz4 is missing.</summary>
    public static void Require() => Assert.SkipWhen(s_obstacle.Value is not null, s_obstacle.Value ?? "");

    /// <summary>Rebuilds a backup.</summary>
    /// <param name="store">Directory of the store.</param>
    /// <param name="id">Id of the backup, in the set <c>default</c>.</param>
    /// <returns>The directory with the files, the exit code, and what the script said.</returns>
    public static async Task<(string Target, int Exit, string Said)> RunAsync(string store, string id)
    {
        string target = Path.Combine(GoldenSets.NewFolder("rescue"), "target");
        string commit = Path.Combine(store, "default", "backups", id + ".json");
        var (exit, said) = await StartAsync(s_python, s_path.Value, commit, target);
        return (target, exit, said);
    }

    private static async Task<(int Exit, string Said)> StartAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }

    private static string Write()
    {
        string path = Path.Combine(GoldenSets.NewFolder("rescue"), "rescue.py");
        File.WriteAllText(path, ArchiveDocument.RescueScript);
        return path;
    }

    private static string? FindObstacle()
    {
        foreach (string program in new[] { s_python, "lz4" })
        {
            try
            {
                if (StartAsync(program, "--version").GetAwaiter().GetResult() is { Exit: not 0 } failed)
                    return $"the program {program} does not run: {failed.Said}";
            }
            catch (Win32Exception)
            {
                return $"the program {program} is not on the PATH";
            }
        }

        return null;
    }
}
