namespace PipelineBackup.Backup;

/// <summary>What a backup builds on: the newest full or incremental backup of the chain that is whole.</summary>
/// <param name="Parent">The backup that the new one continues.</param>
/// <param name="Full">The backup that the chain starts with.</param>
/// <param name="Member">Number that the new backup takes in the chain; the full one is 0.</param>
internal sealed record BackupParentage(BackupManifest Parent, BackupManifest Full, int Member)
{
    /// <summary>What the source must know of the parent.</summary>
    public BackupParent ToRequest() => new()
    {
        LogSignature = Parent.LogSignature,
        LastGeneration = Parent.Logs.Last,
        LastCreated = Parent.Logs.LastCreated,
        LastChecksum = Parent.Logs.LastChecksum,
        DatabaseSignatures = [.. Full.Databases.Select(database => database.Signature)],
    };

    /// <summary>Finds the parent of a new backup.</summary>
    /// <exception cref="BackupException">There is none: -560.</exception>
    public static async Task<BackupParentage> FindAsync(IBackupSink sink, BackupSet set, CancellationToken cancellationToken)
    {
        var catalog = new BackupCatalog(sink, set);
        var all = await catalog.ListAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        var candidates = all.Where(backup => backup.Kind is BackupKind.Full or BackupKind.Incremental && !backup.IsDamaged).ToList();
        var parent = BackupCatalog.Latest(candidates);
        if (parent is null)
        {
            throw new BackupException(all.Count == 0
                ? $"the set '{set}' has no full backup to continue"
                : $"the set '{set}' has no full backup without damage to continue")
            {
                Error = JetError.MissingFullBackup,
                Hint = "make a full backup first: --kind full",
                ExitCode = ExitCode.Refused,
            };
        }

        var chain = await catalog.ChainAsync(parent, cancellationToken).ConfigureAwait(false);
        return new(parent, chain[0], chain.Count);
    }
}
