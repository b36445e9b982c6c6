using System.Diagnostics;
using PipelineBackup.Golden;

namespace PipelineBackup.Sinks.FileSystem.Tests;

/// <summary>A file system in memory, of a few megabytes or read-only, for as long as a test runs.</summary>
internal sealed class MountedStore : IDisposable
{
    private MountedStore(string path) => Path = path;

    public string Path { get; }

    /// <summary>Mounts it. Skips the test where that is not permitted.</summary>
    public static MountedStore With(string options)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess,
            "mounting needs Linux and root");
        string folder = GoldenSets.NewFolder("mount");
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", folder),
            "mounting is not permitted here");
        return new(folder);
    }

    public void Remount(string options) => Assert.True(Run("mount", "-o", $"remount,{options}", Path));

    public void Dispose() => Run("umount", "-l", Path);

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process =
                Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
