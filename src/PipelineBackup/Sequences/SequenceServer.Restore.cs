using PipelineBackup.Ese;

namespace PipelineBackup.Sequences;

// The server as one of restores.
public sealed partial class SequenceServer
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<TokenedName>> GetDatabaseLocationsAsync(
        string server, string service, string instance, CancellationToken cancellationToken) =>
        (await SequenceRefusal.ToldAsync("the places of the files cannot be found",
            () => LocateAsync(Find(server, service), instance, cancellationToken)).ConfigureAwait(false)).Rows;

    /// <inheritdoc/>
    ValueTask<OpenedRestore> IRestoreSequences.OpenAsync(
        string server, string service, string instance, CancellationToken cancellationToken) =>
        SequenceRefusal.ToldAsync("the restore cannot begin",
            () => OpenRestoreAsync(Find(server, service), instance, isSaved: false, cancellationToken));

    /// <inheritdoc/>
    ValueTask<OpenedRestore> IRestoreSequences.ReopenAsync(
        string server, string service, string instance, CancellationToken cancellationToken) =>
        SequenceRefusal.ToldAsync("the restore cannot be reopened",
            () => OpenRestoreAsync(Find(server, service), instance, isSaved: true, cancellationToken));

    /// <inheritdoc/>
    ValueTask<string> IRestoreSequences.AddDatabaseAsync(
        Guid context, TokenedName database, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(database);
        return RestoreAsync(context, "the database cannot be added", restore => new ValueTask<string>(
            restore.AddDatabase(database)));
    }

    /// <inheritdoc/>
    ValueTask<int> IRestoreSequences.OpenFileAsync(
        Guid context, TokenedName file, long length, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(file);
        return RestoreAsync(context, $"'{file.Path}' cannot be restored", restore => new ValueTask<int>(
            restore.Open(file, length)));
    }

    /// <inheritdoc/>
    async ValueTask IRestoreSequences.WriteFileAsync(
        Guid context, int handle, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        await RestoreAsync(context, "the file cannot be written", async restore =>
        {
            await restore.WriteAsync(handle, bytes, cancellationToken).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);

    /// <inheritdoc/>
    async ValueTask IRestoreSequences.CloseFileAsync(Guid context, int handle, CancellationToken cancellationToken) =>
        await RestoreAsync(context, "the file cannot be closed", async restore =>
        {
            await restore.CloseFileAsync(handle, cancellationToken).ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);

    /// <inheritdoc/>
    ValueTask<RestoreEnvironment> IRestoreSequences.SaveEnvironmentAsync(
        Guid context, RestoreTarget target, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        return RestoreAsync(context, "the environment cannot be saved", restore => new ValueTask<RestoreEnvironment>(
            restore.Save(target)));
    }

    /// <inheritdoc/>
    ValueTask<RestoreEnvironment> IRestoreSequences.GetEnvironmentAsync(
        Guid context, CancellationToken cancellationToken) =>
        RestoreAsync(context, "the environment cannot be read", restore => new ValueTask<RestoreEnvironment>(
            restore.Environment));

    /// <inheritdoc/>
    ValueTask<RestoreOutcome> IRestoreSequences.CompleteAsync(
        Guid context, bool rollsForward, CancellationToken cancellationToken) =>
        RestoreAsync(context, "the databases cannot be recovered", async restore =>
        {
            var target = await ToTargetAsync(restore, rollsForward, cancellationToken).ConfigureAwait(false);
            string logs = target.Instance.Length > 0 ? target.Instance : target.LogDirectory;
            using (logs.Length > 0 ? _ledger.ClaimTarget(logs) : null)
            {
                var recovery = _options.Recovery ?? new ManagedRecovery(_options.Time);
                return await restore.CompleteAsync(recovery, target, cancellationToken).ConfigureAwait(false);
            }
        });

    /// <inheritdoc/>
    async ValueTask IRestoreSequences.CloseAsync(Guid context, bool isSuccess, CancellationToken cancellationToken)
    {
        await RestoreAsync(context, "the restore cannot be closed", restore =>
        {
            restore.RequireEnd(isSuccess);
            return new ValueTask<bool>(true);
        }).ConfigureAwait(false);
        await _contexts.EndAsync<RestoreContext>(
            context, "the restore cannot be closed", static _ => default).ConfigureAwait(false);
    }

    private ValueTask<T> RestoreAsync<T>(Guid context, string what, Func<RestoreContext, ValueTask<T>> call) =>
        _contexts.CallAsync(context, what, call);

    private async ValueTask<OpenedRestore> OpenRestoreAsync(
        HostedService service, string instance, bool isSaved, CancellationToken cancellationToken)
    {
        if (_options.RestoreDirectory is not { } root)
        {
            throw SequenceRefusal.NotFound($"'{_options.Name}' takes no restores",
                "restore with another server; this one was given no directory for it");
        }

        if (!LocationTable.IsPlain(instance))
            throw SequenceRefusal.Senseless($"'{instance}' is no name of an instance");
        _contexts.RequireRoom();
        var locations = await LocateAsync(service, instance, cancellationToken).ConfigureAwait(false);
        string directory = Path.Combine(Path.GetFullPath(root), instance);
        var claim = _ledger.ClaimRestore(
            directory, await CountAsync(cancellationToken).ConfigureAwait(false));
        var context = new RestoreContext(
            RestorePlace.Claim(service, instance, directory, locations, claim, isSaved), _options);
        if (isSaved)
            Reopen(context);
        await _contexts.AddAsync(context).ConfigureAwait(false);
        _options.Logger.RestoreBegins(instance, directory);
        return new(context.Id, directory, locations.Rows);
    }

    // A restore that cannot be reopened is left as it is: what is there may be somebody's.
    private static void Reopen(RestoreContext context)
    {
        try
        {
            context.Reopen();
        }
        catch
        {
            context.Place.Dispose();
            throw;
        }
    }

    // Where the program says, else where the running instance has them.
    private static async ValueTask<LocationTable> LocateAsync(
        HostedService service, string instance, CancellationToken cancellationToken)
    {
        if (service.Locations?.Invoke(instance) is { } rows)
            return new(rows);
        var running = await FindRunningAsync(
            service, one => one.Name == instance, cancellationToken).ConfigureAwait(false);
        return running is not null ? LocationTable.Of(running) : throw SequenceRefusal.NotFound(
            $"nothing is known of where the files of '{instance}' go", "name an instance that runs or was configured");
    }

    // What was saved says with what replay goes on; a directory that a running instance writes to stands for it.
    private static async ValueTask<RestoreTarget> ToTargetAsync(
        RestoreContext restore, bool rollsForward, CancellationToken cancellationToken)
    {
        var saved = restore.Environment;
        string logs = saved.TargetLogDirectory.Length > 0 ? saved.TargetLogDirectory
            : rollsForward && saved.TargetInstance.Length == 0 ? saved.LogDirectory : "";
        if (logs.Length == 0 && saved.TargetInstance.Length == 0)
            return new();
        var running = await FindRunningAsync(
            restore.Place.Service,
            one => saved.TargetInstance.Length > 0 ? one.Name == saved.TargetInstance : IsSame(one.LogDirectory, logs),
            cancellationToken).ConfigureAwait(false);
        if (running is null)
        {
            return saved.TargetInstance.Length == 0
                ? new() { LogDirectory = logs }
                : throw BadTarget($"there is no running instance '{saved.TargetInstance}'");
        }

        return running.BaseName.Length == 0 || running.BaseName.Equals(saved.BaseName, StringComparison.OrdinalIgnoreCase)
            ? new() { Instance = running.Name }
            : throw BadTarget($"the logs of '{running.Name}' are called {running.BaseName}, those of the backup "
                + saved.BaseName);
    }

    private static async ValueTask<InstanceInfo?> FindRunningAsync(
        HostedService service, Func<InstanceInfo, bool> isIt, CancellationToken cancellationToken)
    {
        await foreach (var instance in service.Instances.ListAsync(cancellationToken).ConfigureAwait(false))
        {
            if (isIt(instance))
                return instance;
        }

        return null;
    }

    private async ValueTask<int> CountAsync(CancellationToken cancellationToken)
    {
        int count = 0;
        foreach (var service in _options.Services)
        {
            await foreach (var _ in service.Instances.ListAsync(cancellationToken).ConfigureAwait(false))
                count++;
        }

        return count;
    }

    private static bool IsSame(string a, string b) => a.Length > 0 && b.Length > 0 && string.Equals(
        Path.TrimEndingDirectorySeparator(Path.GetFullPath(a)), Path.TrimEndingDirectorySeparator(Path.GetFullPath(b)),
        OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    private static SourceException BadTarget(string message) => new(message)
    {
        Error = EseErrors.ToJet(EseError.BadRestoreTargetInstance),
        Hint = "name a running instance whose logs the backup is of",
    };
}
