using PipelineBackup.Sinks;
using PipelineBackup.Sinks.AzureBlob;
using PipelineBackup.Sinks.S3;
using PipelineBackup.StoreServers;
using PipelineBackup.Stores.Tests.Proxy;

[assembly: AssemblyFixture(typeof(RunningServers))]

namespace PipelineBackup.Stores.Tests;

/// <summary>
/// A store of its own in one of the real servers of this run, with a <see cref="FaultProxy"/> in front of
/// it. Deletes what is in it at the end. Without that server the test is skipped.
/// </summary>
internal sealed class RealStore : IAsyncDisposable
{
    /// <summary>Azure Blob Storage, by Azurite.</summary>
    public const string Azure = "azure";

    /// <summary>S3, by whatever server there is.</summary>
    public const string S3 = "s3";

    // What tests wait is not what they test.
    private static readonly RetryOptions s_retries = new()
    {
        FirstPause = TimeSpan.FromMilliseconds(5),
        LongestPause = TimeSpan.FromMilliseconds(50),
        PutTimeLimit = ClientLimit,
        StepTimeLimit = ClientLimit,
    };

    private readonly string _kind;
    private readonly string _name;

    private RealStore(string kind, Uri server)
    {
        _kind = kind;
        _name = $"trip-{Guid.NewGuid():N}";
        Proxy = new(server, kind == S3 ? StoreDialect.S3 : StoreDialect.Azure);
        Direct = AddressBy(server);
        Address = AddressBy(Proxy.Address);
    }

    /// <summary>How long an attempt may take, of a sink that <see cref="OpenAsync"/> gives.</summary>
    public static TimeSpan ClientLimit => TimeSpan.FromSeconds(6);

    /// <summary>Variables of the environment that a process needs to reach the stores.</summary>
    public static IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["AWS_ACCESS_KEY_ID"] = S3Endpoint.AccessKey,
        ["AWS_SECRET_ACCESS_KEY"] = S3Endpoint.SecretKey,
        ["AZURE_STORAGE_KEY"] = AzuriteEndpoint.Key,
    };

    /// <summary>What stands in front of it.</summary>
    public FaultProxy Proxy { get; }

    /// <summary>Its address by way of the proxy.</summary>
    public string Address { get; }

    /// <summary>Its address past the proxy.</summary>
    public string Direct { get; }

    /// <summary>A new, empty store.</summary>
    /// <param name="kind"><see cref="Azure"/> or <see cref="S3"/>.</param>
    public static RealStore Of(string kind)
    {
        foreach (var (name, value) in Environment)
            System.Environment.SetEnvironmentVariable(name, value);
        var server = kind == S3 ? RunningServers.S3.Address : RunningServers.Azurite.Address;
        Assert.SkipUnless(server.Scheme == "http", $"{server} is not http: nothing can stand in between");
        return new(kind, server);
    }

    /// <summary>Opens it as the command line does, but more hurried, by way of the proxy.</summary>
    /// <param name="meter">Counts what it is asked.</param>
    /// <param name="around">What to put between the counting and the store.</param>
    /// <param name="told">Told of each retry.</param>
    public async Task<IBackupSink> OpenAsync(
        SinkMeter? meter = null, Func<IBackupSink, IBackupSink>? around = null, Action<SinkRetry>? told = null)
    {
        meter ??= new(_kind);
        var retries = s_retries with { OnRetry = told };
        var sink = await StoreOpening.RunAsync("the store", () => Create(Address), retries, cancellationToken: TestContext.Current.CancellationToken);
        return new RetryingSink(new MeteredSink(around?.Invoke(sink) ?? sink, meter), retries, meter: meter);
    }

    /// <summary>Opens it by way of the proxy, with nothing that repeats anything.</summary>
    public IBackupSink OpenBare() => Create(Address);

    /// <summary>Opens it past the proxy.</summary>
    public IBackupSink OpenDirect() => Create(Direct);

    /// <summary>Names of all objects in it, looked at past the proxy.</summary>
    public async Task<IReadOnlyList<StoredObject>> ObjectsAsync()
    {
        await using var sink = OpenDirect();
        return await sink.ListAsync("", CancellationToken.None).ToListAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Proxy.DisposeAsync();
        await using var sink = OpenDirect();
        await foreach (var stored in sink.ListAsync("", CancellationToken.None))
            await sink.DeleteAsync(stored.Name, CancellationToken.None);
    }

    private string AddressBy(Uri server) => _kind == S3
        ? $"s3://{_name}/dc1?endpoint={server.GetLeftPart(UriPartial.Authority)}&region=us-east-1&store=ceph"
        : $"azblob://{AzuriteEndpoint.Account}/{_name}/dc1?endpoint={server.GetLeftPart(UriPartial.Authority)}/{AzuriteEndpoint.Account}";

    private IBackupSink Create(string address)
    {
        IBackupSinkFactory factory = _kind == S3 ? new S3SinkFactory() : new AzureBlobSinkFactory();
        try
        {
            return factory.Create(new(address), create: true);
        }
        catch (SinkException without) when (!without.Transient
            && (without.Message.StartsWith("this build has no", StringComparison.Ordinal) || without.Message.StartsWith("this program was built without", StringComparison.Ordinal)))
        {
            Assert.Skip(without.Message);
            throw;
        }
    }
}
