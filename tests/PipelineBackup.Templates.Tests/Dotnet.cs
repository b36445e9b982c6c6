using System.Diagnostics;

namespace PipelineBackup.Templates.Tests;

/// <summary>Runs the <c>dotnet</c> command as a user at a prompt would.</summary>
internal static class Dotnet
{
    /// <summary>The configuration that all of this is built in.</summary>
    public static string Configuration { get; } = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>The command line of PipelineBackup.</summary>
    public static string PipelineBackup { get; } = Path.Combine(
        GoldenSets.ProjectRoot, "src", "PipelineBackup.Cli", "bin", Configuration, "net10.0", "pipelinebackup.dll");

    /// <summary>Where packages are kept once they have been restored.</summary>
    public static string PackageCache => Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set
        ? set
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>Runs <c>dotnet</c>, which must end well.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="args">With what.</param>
    /// <returns>What it wrote.</returns>
    public static async Task<string> RunAsync(string folder, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", args)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What the build that runs these tests has set for itself is none of a build of its own.
        foreach (string name in Environment.GetEnvironmentVariables().Keys.Cast<string>())
        {
            if (name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase) || name is "CI" or "DOTNET_HOST_PATH")
                start.Environment.Remove(name);
        }

        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        start.Environment["DOTNET_NOLOGO"] = "1";
        // What is restored here stays here.
        start.Environment["NUGET_PACKAGES"] = Path.Combine(folder, "packages");
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(
            process.ExitCode == 0,
            $"dotnet {string.Join(' ', args)} ended with {process.ExitCode}:\n{output}{await error}");
        return output;
    }
}
