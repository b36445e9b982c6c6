namespace PipelineBackup.Ese;

/// <summary>What to do when a database cannot be attached.</summary>
internal static class AttachHints
{
    /// <summary>One sentence for an error of <see cref="AttachJudge"/>.</summary>
    /// <param name="error">The error.</param>
    public static string For(EseError error) => error switch
    {
        EseError.DatabaseDuplicate => "map each database of the logs to a file of its own",
        EseError.ReadVerifyFailure or EseError.DatabaseCorrupted => "restore the database from a backup",
        EseError.RequiredLogFilesMissing => "add the earlier logs, and remove the checkpoint if it lies behind them",
        EseError.SoftRecoveryOnBackupDatabase => "restore it with the logs of its backup, or allow backup images",
        EseError.AttachedDatabaseMismatch or EseError.ConsistentTimeMismatch =>
            "database and logs are of different times: take both from the same copy or backup",
        EseError.InvalidCreateDbVersion => "give the database file as it was after its creation",
        _ => "",
    };
}
