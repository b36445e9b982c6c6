using System.Globalization;

namespace PipelineBackup;

/// <summary>An error of the ESE engine: its number and its symbol, for instance <c>-1018 JET_errReadVerifyFailure</c>.</summary>
/// <param name="Number">The engine's number, negative for errors.</param>
/// <param name="Symbol">The engine's symbol, with its <c>JET_err</c>.</param>
public readonly record struct JetError(int Number, string Symbol)
{
    /// <summary>-505: one backup an instance.</summary>
    public static JetError BackupInProgress => new(-505, "JET_errBackupInProgress");

    /// <summary>-506: a restore or recovery is running.</summary>
    public static JetError RestoreInProgress => new(-506, "JET_errRestoreInProgress");

    /// <summary>-520: a backup call without a begun backup.</summary>
    public static JetError NoBackup => new(-520, "JET_errNoBackup");

    /// <summary>-521: a backup call in the wrong state.</summary>
    public static JetError InvalidBackupSequence => new(-521, "JET_errInvalidBackupSequence");

    /// <summary>-526: an incremental backup is not possible.</summary>
    public static JetError InvalidBackup => new(-526, "JET_errInvalidBackup");

    /// <summary>-560: an incremental backup without the full one before it.</summary>
    public static JetError MissingFullBackup => new(-560, "JET_errMissingFullBackup");

    /// <summary>-569: a file that the backup needs is missing.</summary>
    public static JetError MissingFileToBackup => new(-569, "JET_errMissingFileToBackup");

    /// <summary>-1018: a page or header whose checksum does not match.</summary>
    public static JetError ReadVerifyFailure => new(-1018, "JET_errReadVerifyFailure");

    /// <summary>-1022: the operating system could not read or write.</summary>
    public static JetError DiskIO => new(-1022, "JET_errDiskIO");

    /// <summary>-1808: no space left.</summary>
    public static JetError DiskFull => new(-1808, "JET_errDiskFull");

    /// <summary>-1811: no such file.</summary>
    public static JetError FileNotFound => new(-1811, "JET_errFileNotFound");

    /// <summary>-1907: access refused.</summary>
    public static JetError AccessDenied => new(-1907, "JET_errAccessDenied");

    /// <summary>Number and symbol.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number} {Symbol}");
}
