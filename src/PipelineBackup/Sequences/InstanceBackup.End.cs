namespace PipelineBackup.Sequences;

// How the backup of an instance ends.
internal sealed partial class InstanceBackup
{
    /// <summary>Deletes the logs that nothing needs any more.</summary>
    /// <exception cref="BackupException">
    /// −521: it is not time, not of the type, or something failed; −616: a log was not copied; what the source throws.
    /// </exception>
    public async ValueTask TruncateAsync(CancellationToken cancellationToken)
    {
        if (_open is not null)
            throw SequenceRefusal.OutOfOrder($"a backup with '{_open.Source.Name}' open cannot truncate logs");
        if (_stage != BackupStage.Logs)
            throw SequenceRefusal.OutOfOrder($"a {_setup.Kind} backup in state {_stage} cannot truncate logs");
        if (!MayTruncate)
        {
            throw new SourceException($"a {_setup.Kind} backup never truncates logs")
            {
                Error = JetError.InvalidBackupSequence,
                Hint = "a full or an incremental backup does",
            };
        }

        if (_failure is not null)
        {
            throw new SourceException($"no log is truncated after a failure: {_failure}")
            {
                Error = JetError.InvalidBackupSequence,
                Hint = "end this backup, and make another one",
                ExitCode = ExitCode.Refused,
            };
        }

        if (Missing() is { } missing)
            throw missing;
        await ValidateAsync(cancellationToken).ConfigureAwait(false);
        var logs = await TruncatableAsync(cancellationToken).ConfigureAwait(false);
        await GuardAsync("truncate the logs", async () =>
        {
            await _session.TruncateLogsAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }, isLasting: true).ConfigureAwait(false);
        _stage = BackupStage.Truncated;
        if (logs.Count > 0)
            _options.Logger.LogsDeleted(logs[0].Path, logs[^1].Path);
        else
            _options.Logger.NoLogsDeleted();
    }

    /// <summary>Ends the backup. Called once.</summary>
    /// <param name="isSuccess">Whether it stands; what is not whole, or failed, is given up all the same.</param>
    /// <param name="cancellationToken">Ends the call; the backup is given up then.</param>
    public async ValueTask<BackupEnding> EndAsync(bool isSuccess, CancellationToken cancellationToken)
    {
        await using (this.ConfigureAwait(false))
        {
            if (_open is not null)
                await CloseAsync(_open).ConfigureAwait(false);
            bool stands = isSuccess && _stage != BackupStage.Databases && _failure is null && Missing() is null;
            if (!stands)
            {
                if (_failure is null)
                    _options.Logger.BackupCancelled();
                else
                    _options.Logger.BackupFailed(_failure);
                return BackupEnding.Aborted;
            }

            try
            {
                await ValidateAsync(cancellationToken).ConfigureAwait(false);
                await _session.CompleteAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (BackupException failure)
            {
                _options.Logger.BackupFailed(failure.Message);
                throw;
            }

            _options.Logger.BackupComplete(Instance.Name, LastLog());
            return BackupEnding.Completed;
        }
    }

    private string LastLog() => _later.LastOrDefault(file => file.Kind == SourceFileKind.Log)?.Name ?? "";

    // What the copy lacks, so that it is none.
    private SourceException? Missing()
    {
        if (_later.FirstOrDefault(file => !_copied.Contains(file) && file.Kind == SourceFileKind.Log) is { } log)
        {
            return new($"'{log.Name}' was not read to its end")
            {
                Error = new(-616, "JET_errLogFileNotCopied"),
                Hint = "read all files of the backup to their end before logs are truncated",
                ExitCode = ExitCode.Refused,
            };
        }

        if (!TakesDatabases)
            return null;
        var unread = _session.Databases.FirstOrDefault(file =>
            !_copied.Contains(file) && (_setup.NeedsAllDatabases || _opened.Contains(file)));
        if (unread is not null)
            return SequenceRefusal.OutOfOrder($"'{unread.Name}' was not read to its end: the backup is not whole");
        return _session.Databases.Any(_copied.Contains)
            ? null
            : SequenceRefusal.OutOfOrder("no database was read: the backup is not whole");
    }

    private async ValueTask ValidateAsync(CancellationToken cancellationToken)
    {
        if (_isValid)
            return;
        await GuardAsync("validate the backup", async () =>
        {
            await _session.ValidateAsync(cancellationToken).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
        _isValid = true;
    }

    // Whatever fails is remembered: no log is truncated after it, and no header says that there is a backup.
    private async ValueTask<T> GuardAsync<T>(string what, Func<ValueTask<T>> step, bool isLasting = false)
    {
        try
        {
            return await step().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!isLasting)
        {
            throw;
        }
        catch (Exception failure)
        {
            _failure ??= $"it was not possible to {what}: {failure.Message}";
            throw;
        }
    }
}
