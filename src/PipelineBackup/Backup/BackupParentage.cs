namespace PipelineBackup.Backup;

/// <summary>What a backup builds on: the newest full or incremental backup that is whole, and the chain up to it.</summary>
/// <param name="Chain">The chain, the full backup first, the parent last.</param>
internal sealed record BackupParentage(IReadOnlyList<BackupManifest> Chain)
{
    /// <summary>The backup that the new one continues.</summary>
    public BackupManifest Parent => Chain[^1];

    /// <summary>The backup that the chain starts with.</summary>
    public BackupManifest Full => Chain[0];

    /// <summary>What the source must know of the parent.</summary>
    public BackupParent ToRequest() => new()
    {
        LogSignature = Parent.LogSignature,
        LastGeneration = Parent.Logs.Last,
        LastCreated = Parent.Logs.LastCreated,
        LastChecksum = Parent.Logs.LastChecksum,
        LastIsOpen = Parent.Logs.LastIsOpen,
        DatabaseSignatures = [.. Full.Databases.Select(database => database.Signature)],
    };

    /// <summary>Finds the parent of a new backup. Where the stores differ, it is the one that reaches furthest.</summary>
    /// <exception cref="BackupException">There is none: -560; or a store that is required has not the whole chain.</exception>
    public static async Task<BackupParentage> FindAsync(SinkGroup sinks, BackupSet set, CancellationToken cancellationToken)
    {
        var found = await sinks.AskEachAsync("the catalogue", (sink, token) => FindAsync(sink, set, token), cancellationToken).ConfigureAwait(false);
        if (found.OfType<BackupParentage>().MaxBy(parentage => $"{parentage.Parent.Position} {parentage.Parent.Id}", StringComparer.Ordinal) is not { } furthest)
        {
            throw new BackupException($"the set '{set}' has no full backup without damage to continue")
            {
                Error = JetError.MissingFullBackup,
                Hint = "make a full backup first: --kind full",
                ExitCode = ExitCode.Refused,
            };
        }

        for (int i = 0; i < found.Length; i++)
        {
            if (sinks.Dropped[i] is null && found[i]?.Parent.Id != furthest.Parent.Id)
                sinks.Drop(i, Lacks(i, furthest.Parent.Id));
        }

        return furthest;
    }

    private static async Task<BackupParentage?> FindAsync(IBackupSink sink, BackupSet set, CancellationToken cancellationToken)
    {
        try
        {
            var catalog = new BackupCatalog(sink, set);
            var all = await catalog.ListAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            var parent = BackupCatalog.Latest([.. all.Where(backup => backup.Kind is BackupKind.Full or BackupKind.Incremental && !backup.IsDamaged)]);
            return parent is null ? null : new(await catalog.ChainAsync(parent, cancellationToken).ConfigureAwait(false));
        }
        catch (BackupException broken) when (broken is not SinkException)
        {
            // Of this store: another one may be whole.
            throw new SinkException(broken.Message, broken) { Failure = SinkFailure.Corrupt, Error = broken.Error, Hint = broken.Hint, ExitCode = broken.ExitCode };
        }
    }

    private static SinkException Lacks(int i, string parent) => new($"store {i + 1} has not the backup {parent}, which would be continued")
    {
        Failure = SinkFailure.NotFound,
        Error = JetError.MissingFullBackup,
        Hint = "make a full backup into all stores",
        ExitCode = ExitCode.Refused,
    };
}
