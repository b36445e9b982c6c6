using PipelineBackup.Ese;

namespace PipelineBackup.Sequences;

// How a restore ends.
internal sealed partial class RestoreContext
{
    private const int TargetInstanceRunning = 578;

    /// <summary>Recovers the databases.</summary>
    /// <param name="recovery">Recovers.</param>
    /// <param name="goesOnWith">What replay goes on with behind the logs of the backup.</param>
    /// <param name="cancellationToken">Ends it; the databases are of no use then.</param>
    public async ValueTask<RestoreOutcome> CompleteAsync(
        IDatabaseRecovery recovery, RestoreTarget goesOnWith, CancellationToken cancellationToken)
    {
        if (_stage != RestoreStage.Saved)
            throw SequenceRefusal.OutOfOrder($"a restore in state {_stage} cannot be completed");
        var saved = Environment;
        // Until it is known that it went well it did not.
        _stage = RestoreStage.Failed;
        options.Logger.RecoveryBegins(saved.Map.Count);
        try
        {
            var summary = await recovery.RecoverAsync(
                new()
                {
                    Databases = [.. saved.Map.Select(
                        entry => new RecoveryTarget(entry.DatabaseName, entry.NewDatabaseName))],
                    BaseName = saved.BaseName,
                    LogDirectory = saved.BackupLogDirectory,
                    LowGeneration = saved.LowGeneration,
                    HighGeneration = saved.HighGeneration,
                    TargetInstance = goesOnWith.Instance,
                    RollForwardDirectory = goesOnWith.LogDirectory.Length > 0 ? goesOnWith.LogDirectory : null,
                    MemoryBytes = options.RecoveryMemory,
                },
                cancellationToken).ConfigureAwait(false);
            foreach (var entry in saved.Map)
                RequireClean(entry.NewDatabaseName);
            _stage = RestoreStage.Completed;
            options.Logger.RecoveryComplete(summary.Records, summary.RolledBack, summary.Reached);
            options.Logger.RestoreComplete(place.Instance, saved.Map.Count);
            return new([.. saved.Map.Select(entry => entry.NewDatabaseName)], summary.Reached, summary.Records,
                summary.RolledBack, goesOnWith.Instance.Length > 0 ? TargetInstanceRunning : 0, summary.Remarks);
        }
        catch (BackupException failure)
        {
            options.Logger.RestoreFailed(failure.Message);
            throw;
        }
    }

    /// <summary>It may be closed like this.</summary>
    /// <param name="isSuccess">Whether what was written is to stay.</param>
    /// <exception cref="SourceException">−521: nothing was saved that could stay.</exception>
    public void RequireEnd(bool isSuccess)
    {
        if (isSuccess && (_stage == RestoreStage.Failed || (_stage == RestoreStage.Files && _environment is null)))
        {
            throw new SourceException($"a restore in state {_stage} is no success")
            {
                Error = JetError.InvalidBackupSequence,
                Hint = "save its environment before, or close it as a failure: then all that it wrote is removed",
            };
        }

        _isDiscarded = !isSuccess && _stage != RestoreStage.Completed;
    }

    /// <summary>
    /// Ends it: what was recovered, or saved, stays, and nothing else does. The logs go once nobody needs them.
    /// </summary>
    public override ValueTask DisposeAsync()
    {
        using (place)
        {
            _open?.Dispose();
            _open = null;
            if (_stage is RestoreStage.Files or RestoreStage.Saved && _environment is not null && !_isDiscarded)
            {
                Remove(_unsaved);
                return default;
            }

            if (_stage != RestoreStage.Completed)
                RemoveDatabases();
            place.IsOver = true;
        }

        return default;
    }

    private void RemoveDatabases()
    {
        Remove(_written);

        // What an earlier session wrote, unless something else is there by now.
        Remove(_inherited.Where(path => File.Exists(path) && HeaderOf(path) is { IsUnrestoredCopy: true }));
    }

    private static void Remove(IEnumerable<string> files)
    {
        foreach (string path in files.Where(File.Exists))
            File.Delete(path);
    }

    private static void RequireClean(string path)
    {
        if (HeaderOf(path) is not { NeedsRecovery: false } header || header.Judge() != EseError.Success)
        {
            throw new BackupException($"'{path}' is not in clean shutdown after its recovery")
            {
                Error = EseErrors.ToJet(EseError.DatabaseDirtyShutdown),
                Hint = "restore it anew; report this",
                ExitCode = ExitCode.Refused,
            };
        }
    }

    private static DatabaseHeader? HeaderOf(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return HeaderPair.Read(file).Header;
    }
}
