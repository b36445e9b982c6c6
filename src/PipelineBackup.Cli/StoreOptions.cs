using System.CommandLine;
using PipelineBackup.Sinks;

namespace PipelineBackup.Cli;

/// <summary>The options by which a command finds its store and the set in it.</summary>
internal sealed class StoreOptions
{
    /// <summary>Where from.</summary>
    public Option<string> From { get; } = new("--from")
    {
        Description = "The store: a path, s3://bucket/prefix, azblob://account/container/prefix, or scheme://… of a plugin",
        HelpName = "address",
        Required = true,
    };

    /// <summary>The set.</summary>
    public Option<string> Set { get; } = new("--set")
    {
        Description = "The set of backups in the store",
        HelpName = "NAME",
        DefaultValueFactory = _ => BackupSet.Default.ToString(),
    };

    /// <summary>Plugins.</summary>
    public Option<string[]> Plugin { get; } = new("--plugin")
    {
        Description = "An assembly that brings another kind of store; may be given several times",
        HelpName = "DLL",
        DefaultValueFactory = _ => [],
    };

    /// <summary>Gives a command that reads a store its options.</summary>
    public void AddTo(Command command)
    {
        command.Add(From);
        command.Add(Set);
        command.Add(Plugin);
    }

    /// <summary>The set that was named.</summary>
    /// <exception cref="UsageException">It is no name of a set.</exception>
    public BackupSet SetOf(ParseResult parsed) => SetOf(parsed.GetValue(Set)!);

    /// <summary>The set of a name.</summary>
    /// <exception cref="UsageException">It is no name of a set.</exception>
    public static BackupSet SetOf(string name)
    {
        try
        {
            return BackupSet.Of(name);
        }
        catch (ArgumentException)
        {
            throw new UsageException($"'{name}' is no name for a backup set",
                "a name has letters, digits, '.', '_' and '-', at most 64, and no dot first");
        }
    }

    /// <summary>Opens the store that was named for reading; transient failures are tried again.</summary>
    public Task<IBackupArchive> OpenAsync(ParseResult parsed, Invocation run, CancellationToken cancellationToken) =>
        OpenArchiveAsync(Plugins.Load(parsed.GetValue(Plugin)!), parsed.GetValue(From)!, run, cancellationToken);

    /// <summary>Opens the store that was named, which must be there, to write small objects too.</summary>
    public async Task<IBackupSink> OpenToMarkAsync(ParseResult parsed, Invocation run, CancellationToken cancellationToken)
    {
        var plugins = Plugins.Load(parsed.GetValue(Plugin)!);
        return new RetryingSink(
            await OpenAsync(plugins, parsed.GetValue(From)!, create: false, run, cancellationToken), Retries(run), run.Terminal.Time);
    }

    /// <summary>Opens a store for reading; transient failures are tried again.</summary>
    public static async Task<IBackupArchive> OpenArchiveAsync(
        Plugins plugins, string address, Invocation run, CancellationToken cancellationToken) => new RetryingArchive(
            await OpenAsync(plugins, address, create: false, run, cancellationToken), Retries(run), run.Terminal.Time);

    /// <summary>Opens a store for a backup; transient failures are tried again, and it keeps to a rate.</summary>
    /// <param name="plugins">The kinds of stores.</param>
    /// <param name="address">Its address. The store is made when it is not there.</param>
    /// <param name="upload">The rate; null for no limit.</param>
    /// <param name="meter">Counts what the store is asked.</param>
    /// <param name="run">Told of retries.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    public static async Task<IBackupSink> OpenSinkAsync(
        Plugins plugins, string address, RateLimit? upload, SinkMeter meter, Invocation run, CancellationToken cancellationToken)
    {
        var metered = new MeteredSink(await OpenAsync(plugins, address, create: true, run, cancellationToken), meter);
        IBackupSink sink = new RetryingSink(metered, Retries(run), run.Terminal.Time, meter);
        return upload is null ? sink : new ThrottledSink(sink, upload);
    }

    private static Task<IBackupSink> OpenAsync(
        Plugins plugins, string address, bool create, Invocation run, CancellationToken cancellationToken) =>
        StoreOpening.RunAsync("the store", () => plugins.Open(address, create), Retries(run), run.Terminal.Time, cancellationToken);

    private static RetryOptions Retries(Invocation run) => new()
    {
        OnRetry = retry => run.Tell(
            $"note: {retry.Call} failed ({retry.Failure.Message}); attempt {retry.Attempt + 1} in "
            + $"{Quantity.Duration(retry.Pause)}"),
    };
}
