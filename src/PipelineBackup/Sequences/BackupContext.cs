namespace PipelineBackup.Sequences;

/// <summary>A session with a service: one backup of an instance at a time.</summary>
/// <param name="service">The service.</param>
/// <param name="options">The server's options.</param>
/// <param name="ledger">Who works with which instance.</param>
internal sealed class BackupContext(HostedService service, SequenceServerOptions options, InstanceLedger ledger)
    : SequenceContext(options.Time)
{
    private InstanceBackup? _backup;

    /// <inheritdoc/>
    public override string Purpose => $"the backup of '{_backup?.Instance.Name ?? service.Name}'";

    /// <summary>The instances as they are now.</summary>
    /// <exception cref="SourceException">−1214: there are more than there can be.</exception>
    public async ValueTask<IReadOnlyList<PreparedInstance>> ListAsync(CancellationToken cancellationToken)
    {
        var instances = new List<PreparedInstance>();
        await foreach (var instance in service.Instances.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (instances.Count == InstanceInfo.Most)
                throw SequenceRefusal.TooManyInstances();
            instances.Add(new(instance.Id, instance.Name, instance.Databases.Count,
                [.. instance.Databases.Select(database => new PreparedDatabase(
                    database.Id, database.Signature, database.Path, database.CompanionPath))],
                service.Icon));
        }

        return instances;
    }

    /// <summary>Begins the backup of an instance.</summary>
    public async ValueTask<IReadOnlyList<TokenedName>> SetupAsync(
        BackupSetup setup, CancellationToken cancellationToken)
    {
        if (_backup is not null)
            throw SequenceRefusal.InProgress($"this session makes a backup of '{_backup.Instance.Name}'");
        if (!Enum.IsDefined(setup.Kind))
            throw SequenceRefusal.Senseless($"{setup.Kind} is no type of a backup");
        var instances = await ListAsync(cancellationToken).ConfigureAwait(false);
        var instance = instances.FirstOrDefault(instance => instance.Id == setup.Instance)
            ?? throw SequenceRefusal.NotFound($"'{service.Name}' runs no instance {setup.Instance}",
                $"there are: {string.Join(", ", instances.Select(one => $"{one.Id} {one.Name}"))}");
        var claim = ledger.ClaimBackup(service.Name, instance);
        IBackupSource source;
        try
        {
            source = await service.Instances.OpenAsync(instance.Id, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            claim.Dispose();
            throw;
        }

        _backup = await InstanceBackup.BeginAsync(source, instance, setup, options, claim, cancellationToken)
            .ConfigureAwait(false);
        return setup.Kind is BackupKind.Full or BackupKind.Copy ? _backup.DatabaseNames() : [];
    }

    /// <summary>The backup that goes on.</summary>
    /// <param name="call">What is to be done with it, for the message.</param>
    /// <exception cref="SourceException">−520: none does.</exception>
    public InstanceBackup Require(string call) => _backup ?? throw SequenceRefusal.NotBegun(call);

    /// <summary>Ends the backup of the instance.</summary>
    public async ValueTask<BackupEnding> InstanceEndAsync(bool isSuccess, CancellationToken cancellationToken)
    {
        var backup = Require("end");
        _backup = null;
        return await backup.EndAsync(isSuccess, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        if (_backup is not { } backup)
            return default;
        _backup = null;
        options.Logger.BackupCancelled();
        return backup.DisposeAsync();
    }
}
