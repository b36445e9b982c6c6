using PipelineBackup.Shared;

namespace PipelineBackup.Restore;

/// <summary>What a failure of the file system means for a restore.</summary>
internal static class RestoreFailure
{
    /// <summary>The failure to tell, with the engine's error where there is one.</summary>
    public static BackupException Of(Exception failure, string what) => DurableFile.FaultOf(failure) switch
    {
        FileFault.Full => new($"{what}: no space is left", failure)
        {
            Hint = "free space on the volume, or restore to another one; nothing was published",
            Error = JetError.DiskFull,
        },
        FileFault.Denied => new($"{what}: access is denied", failure)
        {
            Hint = "give this user the right to write there, or restore elsewhere",
            Error = JetError.AccessDenied,
        },
        FileFault.CrossDevice => new($"{what}: the staging directory is on another volume than the target", failure)
        {
            Hint = "name a staging directory on the same volume with --staging, or leave the option out",
        },
        _ => new($"{what}: {failure.Message}", failure) { Error = JetError.DiskIO },
    };
}
