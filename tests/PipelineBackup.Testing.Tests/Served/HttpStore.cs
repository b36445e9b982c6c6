using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using PipelineBackup.Testing;

namespace PipelineBackup.Testing.Tests.Served;

/// <summary>A store behind HTTP: PUT creates, GET gives a range or a page of names, HEAD a length, DELETE deletes.</summary>
internal sealed class HttpStore : IAsyncDisposable
{
    /// <summary>What every request must bring.</summary>
    public const string Key = "open-sesame";

    private readonly WebApplication _app;
    private readonly MemorySink _objects = new();
    private readonly Misdeeds _misdeeds;

    private HttpStore(WebApplication app, Misdeeds misdeeds) => (_app, _misdeeds) = (app, misdeeds);

    /// <summary>Where it is.</summary>
    public Uri Address => new(_app.Urls.Single() + "/store/");

    /// <summary>Starts one.</summary>
    public static async Task<HttpStore> StartAsync(Misdeeds misdeeds)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(options => options.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        var store = new HttpStore(app, misdeeds);
        app.Run(store.AnswerAsync);
        await app.StartAsync();
        return store;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        if (request.Headers["x-key"] != Key)
        {
            response.StatusCode = 403;
            return;
        }

        string path = request.Path.Value!["/store/".Length..];
        try
        {
            if (request.Query.ContainsKey("prefix"))
                await ListAsync(context, request.Query["prefix"]!, request.Query["after"]!);
            else if (request.Method == "PUT")
                await PutAsync(context, ObjectName.Of(path));
            else if (request.Method == "DELETE")
                await _objects.DeleteAsync(ObjectName.Of(path), context.RequestAborted);
            else
                await GetAsync(context, ObjectName.Of(path), request.Method == "HEAD");
        }
        catch (SinkException failure) when (failure.Failure is SinkFailure.NotFound or SinkFailure.AlreadyExists)
        {
            response.StatusCode = failure.Failure == SinkFailure.NotFound ? 404 : 409;
        }
    }

    private async Task PutAsync(HttpContext context, ObjectName name)
    {
        var body = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        }
        catch (Exception) when (_misdeeds.HasFlag(Misdeeds.KeepsHalves))
        {
        }

        await _objects.PutAsync(name, ObjectBody.Of(body.ToArray()), CancellationToken.None);
    }

    private async Task GetAsync(HttpContext context, ObjectName name, bool lengthOnly)
    {
        byte[] bytes = _objects.Content(name);
        long offset = long.Parse(context.Request.Query["offset"].FirstOrDefault() ?? "0", CultureInfo.InvariantCulture);
        long length = long.Parse(context.Request.Query["length"].FirstOrDefault() ?? "-1", CultureInfo.InvariantCulture);
        var range = new ByteRange(offset, length < 0 ? null : length);
        if (!range.Fits(bytes.Length))
        {
            context.Response.StatusCode = 416;
            return;
        }

        var part = bytes.AsMemory((int)offset, (int)(range.Length ?? bytes.Length - offset));
        context.Response.ContentLength = part.Length;
        if (!lengthOnly)
            await context.Response.Body.WriteAsync(part, context.RequestAborted);
    }

    private async Task ListAsync(HttpContext context, string prefix, string after)
    {
        int most = _misdeeds.HasFlag(Misdeeds.ShortPages) ? 100 : 1000;
        var page = await _objects.ListAsync(prefix, context.RequestAborted)
            .Where(item => string.CompareOrdinal(item.Name.ToString(), after) > 0).Take(most).ToListAsync(context.RequestAborted);
        // Sent at once, its length known beforehand unless somebody wants it to be cut without anybody knowing.
        string text = string.Concat(page.Select(item => $"{item.Length} {item.Name}\n")) + (page.Count == most ? "more\n" : "");
        if (!_misdeeds.HasFlag(Misdeeds.EndsListsEarly))
            context.Response.ContentLength = text.Length;
        await context.Response.WriteAsync(text, context.RequestAborted);
    }
}
