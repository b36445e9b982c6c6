namespace PipelineBackup.Sequences;

/// <summary>
/// Which instances of a server are being backed up and restored: each by one session at a time, and no more of them
/// than a server can run.
/// </summary>
internal sealed class InstanceLedger
{
    private readonly Lock _lock = new();
    private readonly HashSet<(string Service, int Id)> _backups = [];
    private readonly HashSet<string> _restores = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _targets = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Claims an instance for a backup.</summary>
    /// <exception cref="SourceException">−505: another session has it.</exception>
    public IDisposable ClaimBackup(string service, PreparedInstance instance)
    {
        lock (_lock)
        {
            if (!_backups.Add((service, instance.Id)))
                throw SequenceRefusal.InProgress($"'{instance.Name}' is being backed up by another session");
            return new Claim(() => _backups.Remove((service, instance.Id)), _lock);
        }
    }

    /// <summary>Claims the directory of a restore, and an instance to recover it with.</summary>
    /// <param name="directory">The directory.</param>
    /// <param name="running">How many instances run.</param>
    /// <exception cref="SourceException">−506: another session has it; −1214: there are too many instances.</exception>
    public IDisposable ClaimRestore(string directory, int running)
    {
        lock (_lock)
        {
            if (_restores.Contains(directory))
                throw SequenceRefusal.RestoreInProgress($"a restore into '{directory}' goes on");
            if (running + _restores.Count >= InstanceInfo.Most)
                throw SequenceRefusal.TooManyInstances();
            _restores.Add(directory);
            return new Claim(() => _restores.Remove(directory), _lock);
        }
    }

    /// <summary>Claims what replay goes on with: a running instance, or a directory.</summary>
    /// <exception cref="SourceException">−506: another restore has it.</exception>
    public IDisposable ClaimTarget(string target)
    {
        lock (_lock)
        {
            if (!_targets.Add(target))
                throw SequenceRefusal.RestoreInProgress($"another restore goes on with the logs of '{target}'");
            return new Claim(() => _targets.Remove(target), _lock);
        }
    }

    private sealed class Claim(Action release, Lock @lock) : IDisposable
    {
        private Action? _release = release;

        public void Dispose()
        {
            lock (@lock)
            {
                _release?.Invoke();
                _release = null;
            }
        }
    }
}
