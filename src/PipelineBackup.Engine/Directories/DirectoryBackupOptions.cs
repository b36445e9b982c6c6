using System.Diagnostics.CodeAnalysis;

namespace PipelineBackup.Engine;

/// <summary>How a backup is made to a directory. Numbers are those of ESE.</summary>
[Flags]
[SuppressMessage("Naming", "CA1711:Identifiers should not have incorrect suffix", Justification = "options they are")]
public enum DirectoryBackupOptions
{
    /// <summary>Databases and logs, into a directory that is empty.</summary>
    None = 0,

    /// <summary>Only the logs since the last full or incremental backup, beside those that are there.</summary>
    Incremental = 1,

    /// <summary>
    /// Into <c>new</c> below the directory; the backup that is there stays until the new one stands. With
    /// <see cref="Incremental"/>: beside the logs of such a backup.
    /// </summary>
    Atomic = 4,
}
